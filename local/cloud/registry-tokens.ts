import { randomBytes } from "node:crypto";
import type { Sender } from "./sessions";

/** Hours for which a token is good. */
const TOKEN_HOURS = 12;

interface Holder {
  readonly sender: Sender;
  readonly until: number;
}

/** Passwords of the registry's user `AWS`, each standing for whom ECR's API gave it to. */
export class RegistryTokens {
  private readonly known = new Map<string, Holder>();

  /** A password, and the end of its time in seconds since 1970. */
  issue(sender: Sender): { password: string; expiresAt: number } {
    for (const [each, { until }] of this.known) if (until < Date.now()) this.known.delete(each);
    const password = randomBytes(48).toString("base64url");
    const until = Date.now() + TOKEN_HOURS * 3_600_000;
    this.known.set(password, { sender, until });
    return { password, expiresAt: Math.floor(until / 1000) };
  }

  /** Whom a request's `Authorization` header stands for. */
  senderOf(authorization: string | undefined): Sender | undefined {
    const [scheme, value = ""] = (authorization ?? "").split(" ");
    const [user, password = ""] = Buffer.from(value, "base64").toString("utf8").split(":");
    const holder = scheme?.toLowerCase() === "basic" && user === "AWS" ? this.known.get(password) : undefined;
    return holder !== undefined && holder.until > Date.now() ? holder.sender : undefined;
  }
}

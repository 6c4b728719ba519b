import { AssumeRoleCommand, type AssumeRoleCommandOutput } from "@aws-sdk/client-sts";
import type { Clients } from "./clients";

/** The operator's credentials: an administrator of the account, as the engine and the command line use them. */
export const operator = { accessKeyId: "local", secretAccessKey: "local" } as const;

/** Temporary credentials of a role, and who they make of their holder. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  readonly expires: Date;
  readonly roleArn: string;
  /** `AROA...`: a role that was deleted and made again under its name is another one. */
  readonly roleId: string;
  readonly name: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/<name>`. */
  readonly arn: string;
}

/** Who can stand behind a request. */
export type Sender = Session | typeof operator;

export const isSession = (sender: Sender): sender is Session => sender !== operator;

type Assumed = Pick<AssumeRoleCommandOutput, "Credentials" | "AssumedRoleUser">;

/** Every session of a role that this cloud has opened. They are as long-lived as moto's memory, which knows their access keys too. */
export class Sessions {
  private readonly known = new Map<string, Session>();

  constructor(private readonly clients: Clients) {}

  /** Opens a session without asking the role's trust policy, as the EC2 service does for an instance. */
  async open(roleArn: string, name: string, seconds: number): Promise<Session> {
    const wanted = { RoleArn: roleArn, RoleSessionName: name, DurationSeconds: seconds };
    return this.record(roleArn, await this.clients.sts.send(new AssumeRoleCommand(wanted)));
  }

  /** Makes the credentials of an AssumeRole answer known. */
  record(roleArn: string, { Credentials: credentials, AssumedRoleUser: user }: Assumed): Session {
    const [roleId = "", name = ""] = (user?.AssumedRoleId ?? "").split(":");
    const session = {
      ...{ roleArn, roleId, name, arn: user?.Arn ?? "" },
      accessKeyId: credentials?.AccessKeyId ?? "",
      secretAccessKey: credentials?.SecretAccessKey ?? "",
      token: credentials?.SessionToken ?? "",
      expires: credentials?.Expiration ?? new Date(0),
    };
    this.known.set(session.accessKeyId, session);
    return session;
  }

  find(accessKeyId: string): Session | undefined {
    return this.known.get(accessKeyId);
  }
}

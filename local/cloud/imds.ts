import { randomBytes } from "node:crypto";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { InstanceReader } from "./imds-facts";
import { identityDocument, lookUp, metadata } from "./imds-tree";
import type { Hypervisor } from "./types";

/** The API versions that are offered; clients take the newest that they know, and `latest` is the newest there is. */
const versions = [
  ...["1.0", "2007-01-19", "2008-02-01", "2009-04-04", "2011-01-01", "2012-01-12", "2014-11-05", "2016-09-02"],
  ...["2018-09-24", "2019-10-01", "2020-10-27", "2021-03-23", "2021-07-15", "2022-09-24", "latest"],
];

const MAX_TTL_SECONDS = 21600;
const TTL = "x-aws-ec2-metadata-token-ttl-seconds";

interface ImdsSettings {
  readonly hypervisor: Pick<Hypervisor, "instanceAt">;
  readonly reader: InstanceReader;
  log(line: string): void;
}

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const notFound: Answer = { status: 404, body: "404 - Not Found\n" };

/** The instance metadata service, version 2 and, where an instance allows it, 1. A caller is known by its address. */
export class Imds {
  private readonly tokens = new Map<string, { readonly instanceId: string; readonly until: number }>();

  constructor(private readonly settings: ImdsSettings) {}

  listen(port: number, host = "0.0.0.0"): Promise<{ port: number; server: http.Server }> {
    const server = http.createServer((request, response) => {
      this.answer(request).then(
        ({ status, body, headers }) =>
          response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body),
        (error: Error) => {
          this.settings.log(`metadata ${request.url}: ${error.message}`);
          response.writeHead(500).end();
        },
      );
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port, server }));
    });
  }

  private async answer(request: http.IncomingMessage): Promise<Answer> {
    const source = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    const instanceId = this.settings.hypervisor.instanceAt(source);
    const facts = instanceId === undefined ? undefined : await this.settings.reader.read(instanceId);
    if (instanceId === undefined || facts === undefined) return notFound;
    const options = facts.instance.MetadataOptions;
    if (options?.HttpEndpoint === "disabled") return { status: 403, body: "403 - Forbidden\n" };

    const path = decodeURIComponent(new URL(request.url ?? "/", "http://metadata").pathname).replace(/^\/+/, "");
    if (request.method === "PUT" && path === "latest/api/token") return this.issue(request, instanceId);
    if (request.method !== "GET" && request.method !== "HEAD")
      return { status: 405, body: "405 - Method Not Allowed\n" };
    const token = request.headers["x-aws-ec2-metadata-token"];
    const isAllowed = token === undefined ? options?.HttpTokens !== "required" : this.isGood(String(token), instanceId);
    if (!isAllowed) return { status: 401, body: "401 - Unauthorized\n" };
    if (path === "") return { status: 200, body: versions.join("\n") };

    const [version = "", category = "", ...rest] = path.split("/");
    if (!versions.includes(version)) return notFound;
    const tree = new Map<string, string>([["dynamic/instance-identity/document", identityDocument(facts)]]);
    if (category === "user-data") {
      const body = await this.settings.reader.userData(instanceId);
      return body === undefined
        ? notFound
        : { status: 200, body, headers: { "content-type": "application/octet-stream" } };
    }
    const found =
      category === ""
        ? "dynamic\nmeta-data\nuser-data"
        : category === "meta-data"
          ? lookUp(metadata(facts), rest.join("/"), facts.instance.KeyName)
          : lookUp(tree, [category, ...rest].join("/"));
    return found === undefined ? notFound : { status: 200, body: found };
  }

  /** A token is good for the instance that asked for it, and only for it. */
  private issue(request: http.IncomingMessage, instanceId: string): Answer {
    if (request.headers["x-forwarded-for"] !== undefined) return { status: 403, body: "403 - Forbidden\n" };
    const ttl = Number(request.headers[TTL]);
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > MAX_TTL_SECONDS) return { status: 400, body: "400 - Bad Request\n" };
    for (const [each, { until }] of this.tokens) if (until < Date.now()) this.tokens.delete(each);
    const token = randomBytes(40).toString("base64url");
    this.tokens.set(token, { instanceId, until: Date.now() + ttl * 1000 });
    return { status: 200, body: token, headers: { [TTL]: String(ttl) } };
  }

  private isGood(token: string, instanceId: string): boolean {
    const known = this.tokens.get(token);
    return known !== undefined && known.instanceId === instanceId && known.until > Date.now();
  }
}

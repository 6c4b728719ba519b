import {
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  PutImageCommand,
  type Repository,
} from "@aws-sdk/client-ecr";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import type * as http from "node:http";
import * as path from "node:path";
import type { Access } from "./access";
import { denialMessage, type Denial } from "./access-errors";
import type { Clients } from "./clients";
import { ask, passThrough, readBody, reply } from "./proxy";
import type { RegistryTokens } from "./registry-tokens";
import { isSession, operator, type Session } from "./sessions";

interface RegistrySettings {
  readonly port: number;
  /** Where the registry keeps layers and repositories. */
  readonly storage: string;
  readonly accountId: string;
  readonly region: string;
  readonly clients: Clients;
  readonly tokens: RegistryTokens;
  readonly access: Pick<Access, "denial">;
}

/** ECR's actions by the kind of object and the method. */
const actions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  manifests: { GET: "BatchGetImage", HEAD: "BatchGetImage", PUT: "PutImage" },
  tags: { GET: "ListImages" },
  blobs: {
    ...{ GET: "GetDownloadUrlForLayer", HEAD: "BatchCheckLayerAvailability" },
    ...{ POST: "InitiateLayerUpload", PATCH: "UploadLayerPart", PUT: "CompleteLayerUpload" },
  },
};

const expired = "Your authorization token has expired. Reauthenticate and try again.";

/** Whether a host name is the registry's: `<account>.dkr.ecr.<region>.amazonaws.com`. */
export const isRegistryHost = (host: string): boolean => /^\d{12}\.dkr[.-]ecr\./.test(host);

/** Where the registry keeps what belongs to one repository, apart from the layers, which all share. */
export const repositoryFolder = (storage: string, repository: string): string =>
  path.join(storage, "docker/registry/v2/repositories", repository);

/** The configuration of docker-registry. */
export function registryConfiguration(storage: string, port: number): string {
  return JSON.stringify({
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    // Redirects name no host, since machine and VPC reach it under different ones.
    http: { addr: `127.0.0.1:${port}`, relativeurls: true },
  });
}

/** What ECR is in front of a plain registry: repositories must exist, tags can be immutable, and the API knows every image. */
export class RegistryGate {
  constructor(private readonly settings: RegistrySettings) {}

  /** Answers a request below `/v2/`; callers from a VPC have to show a token whose holder may, the machine's own Docker does not. */
  async handle(request: http.IncomingMessage, response: http.ServerResponse, fromVpc: boolean): Promise<void> {
    const { port, tokens } = this.settings;
    const sender = fromVpc ? tokens.senderOf(request.headers.authorization) : operator;
    if (sender === undefined) {
      const realm = `Basic realm="https://${request.headers.host}/",service="ecr.amazonaws.com"`;
      response.setHeader("www-authenticate", realm);
      return refuse(response, 401, "UNAUTHORIZED", expired);
    }
    const [, name, kind, reference] =
      /^\/v2\/([a-z0-9._/-]+)\/(manifests|blobs|tags)\/([^?]+)/.exec(request.url ?? "") ?? [];
    if (name === undefined || kind === undefined || reference === undefined) {
      return passThrough(port, request, response);
    }
    if (isSession(sender)) {
      const denial = await this.denial(sender, request, name, kind);
      if (denial === "gone") return refuse(response, 401, "UNAUTHORIZED", expired);
      if (denial !== undefined) return refuse(response, 403, "DENIED", denialMessage(denial));
    }
    if (kind === "blobs" && request.method === "HEAD") await this.linkKnownLayer(name, reference);
    // A push opens with an upload, a pull with a manifest: one look at the API for each is enough.
    const opens = kind !== "blobs" || (request.method === "POST" && reference.startsWith("uploads"));
    if (!opens) return passThrough(port, request, response);
    const repository = await this.repository(name);
    if (repository === undefined) {
      const message = `The repository with name '${name}' does not exist in the registry with id '${this.settings.accountId}'`;
      return refuse(response, 404, "NAME_UNKNOWN", message);
    }
    if (kind !== "manifests" || request.method !== "PUT") return passThrough(port, request, response);
    await this.putManifest(request, response, repository, reference);
  }

  /**
   * A layer that any stack of this machine has pushed is not sent again: the repository gets a link to it, as it does when a
   * client mounts a layer from another repository. Layout: distribution, registry/storage/paths.go.
   */
  private async linkKnownLayer(repository: string, digest: string): Promise<void> {
    const hash = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1];
    if (hash === undefined || (await this.repository(repository)) === undefined) return;
    const data = path.join(this.settings.storage, "docker/registry/v2/blobs/sha256", hash.slice(0, 2), hash, "data");
    const isKnown = await fs.stat(data).then(
      () => true,
      () => false,
    );
    if (!isKnown) return;
    const folder = path.join(repositoryFolder(this.settings.storage, repository), "_layers/sha256", hash);
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, "link"), digest);
  }

  private async putManifest(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    repository: Repository,
    reference: string,
  ): Promise<void> {
    const name = repository.repositoryName!;
    const body = await readBody(request);
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    const tag = reference.startsWith("sha256:") ? undefined : reference;
    const known = tag === undefined ? undefined : await this.digestOf(name, tag);
    if (known !== undefined && known !== digest && repository.imageTagMutability === "IMMUTABLE") {
      const message = `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`;
      return refuse(response, 400, "TAG_INVALID", message);
    }
    const answer = await ask(this.settings.port, request, body);
    if (answer.status === 201 && known !== digest) {
      await this.settings.clients.ecr.send(
        new PutImageCommand({
          repositoryName: name,
          imageManifest: body.toString("utf8"),
          imageManifestMediaType: request.headers["content-type"],
          imageDigest: digest,
          imageTag: tag,
        }),
      );
    }
    reply(response, answer);
  }

  /** A request to the registry demands what the same step by ECR's API would. */
  private denial(
    session: Session,
    request: http.IncomingMessage,
    name: string,
    kind: string,
  ): Promise<Denial | "gone" | undefined> {
    const { access, region, accountId } = this.settings;
    const action = actions[kind]?.[request.method ?? "GET"] ?? "BatchDeleteImage";
    const resource = `arn:aws:ecr:${region}:${accountId}:repository/${name}`;
    const address = request.socket.remoteAddress ?? "";
    return access.denial(session, [{ action: `ecr:${action}`, resource }], { address, isTls: true, region });
  }

  private async repository(name: string): Promise<Repository | undefined> {
    const answer = await this.settings.clients.ecr
      .send(new DescribeRepositoriesCommand({ repositoryNames: [name] }))
      .catch(orNothing("RepositoryNotFoundException"));
    return answer?.repositories?.[0];
  }

  private async digestOf(repositoryName: string, imageTag: string): Promise<string | undefined> {
    const answer = await this.settings.clients.ecr
      .send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }))
      .catch(orNothing("ImageNotFoundException"));
    return answer?.imageDetails?.[0]?.imageDigest;
  }
}

function orNothing(name: string): (error: Error) => undefined {
  return (error) => {
    if (error.name !== name) throw error;
    return undefined;
  };
}

function refuse(response: http.ServerResponse, status: number, code: string, message: string): void {
  response.req.resume();
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
  const headers = { "content-type": "application/json", "docker-distribution-api-version": "registry/2.0" };
  reply(response, { status, headers, body });
}

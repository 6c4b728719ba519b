import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildClient, engine, run } from "../../images/docker";
import type { Operation, ProviderModel, ResourceModel } from "../model";
import { packageVersion } from "../versions";
import { hasUnknown, type Props } from "../wire";
import { contextHash } from "./context";

/** A registry of AWS's: its name leads nowhere on this machine, where the cloud's own port serves it. */
const ecr = /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/** Where a repository's registry really is reached from this machine's Docker engine. */
export function reachable(repository: string, endpoint = process.env["AWS_ENDPOINT_URL"]): string {
  const [host, ...rest] = repository.split("/");
  return host && ecr.test(host) && endpoint ? [new URL(endpoint).host, ...rest].join("/") : repository;
}

/** Repository and tag of a reference; a port is no tag. */
export function splitReference(reference: string): { repository: string; tag: string } {
  const match = /^(.*?)(?::([^:/]+))?$/.exec(reference)!;
  return { repository: match[1]!, tag: match[2] ?? "latest" };
}

function files(args: Props): { folder: string; dockerfile: string } {
  const folder = path.resolve(args["context"]?.location ?? ".");
  return { folder, dockerfile: path.resolve(args["dockerfile"]?.location ?? path.join(folder, "Dockerfile")) };
}

const pairs = (flag: string, values: Record<string, string> = {}) =>
  Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);

const progress = (operation: Operation) => (line: string) => {
  const step = /^#\d+ (\[.*\d+\/\d+\] .*)/.exec(line)?.[1];
  if (step) operation.status(step.slice(0, 140));
};

/** Builds with BuildKit; secrets are files of a folder of their own that only this user can read, for as long as it takes. */
async function build(args: Props, operation: Operation): Promise<string> {
  const { folder, dockerfile } = files(args);
  const scratch = mkdtempSync(path.join(tmpdir(), "docker-build-"));
  try {
    const secrets = Object.entries((args["secrets"] ?? {}) as Record<string, string>).map(([name, value], index) => {
      const file = path.join(scratch, `secret-${index}`);
      writeFileSync(file, value, { mode: 0o600 });
      return `id=${name},src=${file}`;
    });
    const options = [
      ...["build", "--progress", "plain", "--file", dockerfile, "--iidfile", path.join(scratch, "id")],
      ...((args["tags"] ?? []) as string[]).flatMap((tag) => ["--tag", tag]),
      ...((args["platforms"] ?? []) as string[]).flatMap((platform) => ["--platform", platform]),
      ...((args["addHosts"] ?? []) as string[]).flatMap((host) => ["--add-host", host]),
      ...pairs("--build-arg", args["buildArgs"]),
      ...pairs("--label", args["labels"]),
      ...secrets.flatMap((secret) => ["--secret", secret]),
      ...(args["target"] ? ["--target", args["target"]] : []),
      ...(args["network"] ? ["--network", args["network"]] : []),
      ...(args["noCache"] ? ["--no-cache"] : []),
      ...(args["pull"] ? ["--pull"] : []),
      folder,
    ];
    await run(buildClient(), options, { env: { DOCKER_BUILDKIT: "1" }, onLine: progress(operation) });
    return readFileSync(path.join(scratch, "id"), "utf8").trim();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Pushes one tag; gives the digest of its manifest. */
async function push(id: string, reference: string, args: Props, operation: Operation): Promise<string> {
  const { repository, tag } = splitReference(reference);
  const target = reachable(repository);
  const login = ((args["registries"] ?? []) as Props[]).find(({ address }) =>
    repository.startsWith(
      String(address)
        .replace(/^https?:\/\//, "")
        .split("/")[0]!,
    ),
  );
  if (target !== repository) await engine.getImage(id).tag({ repo: target, tag });
  try {
    const authconfig = login && {
      username: login["username"],
      password: login["password"],
      serveraddress: target.split("/")[0],
    };
    const stream = await engine.getImage(`${target}:${tag}`).push({ authconfig });
    let digest: string | undefined;
    await new Promise<void>((resolve, reject) =>
      engine.modem.followProgress(
        stream,
        (error) => (error ? reject(error) : resolve()),
        (event: { aux?: { Digest?: string }; error?: string; status?: string }) => {
          digest = event.aux?.Digest ?? digest;
          if (event.error) reject(new Error(event.error));
          else if (event.status === "Pushing") operation.status(`pushing ${reference}`);
        },
      ),
    );
    if (!digest) throw new Error(`the push of ${reference} ended without a digest`);
    return digest;
  } finally {
    if (target !== repository)
      await engine
        .getImage(`${target}:${tag}`)
        .remove({ noprune: true })
        .catch(() => undefined);
  }
}

async function make(args: Props, operation: Operation): Promise<Props> {
  const id = await build(args, operation);
  const tags = (args["tags"] ?? []) as string[];
  let digest = id;
  if (args["push"]) {
    if (tags.length === 0) throw new Error("push: expected tags to push, got none");
    for (const tag of tags) digest = await push(id, tag, args, operation);
  }
  return { digest, ref: tags[0] ? `${tags[0]}@${digest}` : digest };
}

const image: ResourceModel<object> = {
  args: `context{location} contextHash dockerfile{location} buildArgs secrets labels platforms tags target network noCache pull push load
    addHosts registries{address username password} buildOnPreview ignoreSecretsInDiffCalculation`,
  volatile: { digest: ["*"], ref: ["*"] },
  normalize(_context, args) {
    if (hasUnknown([args.context, args.dockerfile])) return args;
    const { folder, dockerfile } = files(args);
    return { ...args, contextHash: contextHash(folder, dockerfile) };
  },
  ignores: (path, news) =>
    /^registries\[\d+\]\.password$/.test(path) ||
    path === "buildOnPreview" ||
    ((news.ignoreSecretsInDiffCalculation ?? []) as string[]).some((name) => path === `secrets.${name}`),
  async create(_context, args, operation) {
    const outputs = await make(args, operation);
    return { id: outputs["digest"], outputs };
  },
  read: async (_context, _id, { digest, ref }) => ({ digest, ref }),
  update: async (_context, { news }, operation) => make(news, operation),
  async delete(_context, _id, { tags = [] }) {
    // What was pushed is the repository's to keep or to expire.
    for (const tag of tags as string[])
      await engine
        .getImage(tag)
        .remove({ noprune: true })
        .catch(() => undefined);
  },
};

/** Images built by the Docker engine of this machine, and pushed where their names say. Previews build nothing. */
export const dockerBuildProvider = (): ProviderModel<object> => ({
  name: "docker-build",
  version: packageVersion("@pulumi/docker-build"),
  config: "",
  configure: () => ({}),
  resources: { "docker-build:index:Image": image },
});

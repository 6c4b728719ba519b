import { execFileSync, spawn } from "node:child_process";

import Docker from "dockerode";

/** The engine that DOCKER_HOST names, else the local socket. */
export const engine = new Docker();

export type Log = (line: string) => void;

/** What the engine knows of an image, or undefined when it has none of this name. */
export async function inspectImage(tag: string): Promise<{ id: string; labels: Record<string, string> } | undefined> {
  try {
    const info = await engine.getImage(tag).inspect();
    return { id: info.Id, labels: info.Config?.Labels ?? {} };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw new Error(
      `the Docker engine does not answer (${(error as Error).message}): start Docker, or set DOCKER_HOST to a running one`,
    );
  }
}

interface RunOptions {
  readonly env?: Record<string, string>;
  /** Gives up when the program has printed nothing at all for so long. */
  readonly silenceMs?: number;
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end; rejects with the last lines that it printed. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
    });
    const tail: string[] = [];
    let silent = true;
    const watchdog = options.silenceMs
      ? setTimeout(() => silent && child.kill("SIGKILL"), options.silenceMs)
      : undefined;
    let rest = "";
    const take = (chunk: Buffer): void => {
      silent = false;
      const lines = (rest + chunk.toString()).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        tail.push(line);
        if (tail.length > 40) tail.shift();
        options.onLine?.(line);
      }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(watchdog);
      if (code === 0) return resolve();
      if (rest !== "") tail.push(rest);
      reject(new Error(`${program} ${args.join(" ")} ended with ${code ?? "no answer in time"}:\n${tail.join("\n")}`));
    });
  });
}

let builder: string | undefined;

/**
 * A docker client that can build with BuildKit: one of 23 or newer needs the buildx plugin for it, older ones have it inside.
 * Debian's own client is asked too, because a newer one in front of it on PATH may lack the plugin.
 */
export function buildClient(): string {
  if (builder !== undefined) return builder;
  for (const client of ["docker", "/usr/bin/docker"]) {
    const works = (...args: string[]): string | undefined => {
      try {
        return execFileSync(client, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 20_000 });
      } catch {
        return undefined;
      }
    };
    const major = Number.parseInt(works("version", "--format", "{{.Client.Version}}") ?? "", 10);
    if (works("buildx", "version") !== undefined || (major >= 19 && major < 23)) return (builder = client);
  }
  throw new Error("no docker client here can build images: install Docker's buildx plugin (docker-buildx-plugin)");
}

/** Builds a folder that has a Dockerfile. Logs the start of each of its steps. */
export async function buildImage(
  options: { tag: string; folder: string; labels: Record<string, string>; args: Record<string, string> },
  log: Log,
): Promise<void> {
  const pairs = (flag: string, values: Record<string, string>): string[] =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  // Where HTTPS passes a proxy with a CA of its own, build steps need that CA; a secret never gets into a layer.
  const ca = process.env["SSL_CERT_FILE"] || process.env["NODE_EXTRA_CA_CERTS"];
  await run(
    buildClient(),
    [
      ...["build", "--progress", "plain", "--tag", options.tag],
      ...pairs("--label", options.labels),
      ...pairs("--build-arg", options.args),
      ...(ca ? ["--secret", `id=ca,src=${ca}`] : []),
      options.folder,
    ],
    {
      env: { DOCKER_BUILDKIT: "1" },
      onLine: (line) => {
        const step = /^#\d+ (\[.*\d+\/\d+\] .*)/.exec(line)?.[1];
        if (step !== undefined) log(`${options.tag}: ${step.slice(0, 140)}`);
      },
    },
  );
}

/** Whether the image could be had from its registry; false when none answers in time. */
export async function pullImage(tag: string, log: Log): Promise<boolean> {
  try {
    await run(buildClient(), ["pull", tag], { silenceMs: 20_000 });
    log(`${tag}: pulled`);
    return true;
  } catch {
    return false;
  }
}

import { execFile } from "node:child_process";

/** A stack of its own, beside one that somebody may be looking at. */
export const STACK = process.env.E2E_STACK ?? "e2e";

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever the end; rejects only when it cannot be run. */
export function run(program: string, args: readonly string[], seconds = 60, input?: string): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { timeout: seconds * 1000, maxBuffer: 64 * 2 ** 20 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code === "string") return reject(error);
        if (error?.killed)
          return reject(new Error(`${program} ${args.join(" ")}: no end after ${seconds} s\n${stdout}${stderr}`));
        resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
}

/** As {@link run}, for what must succeed; gives what it printed. */
export async function succeed(
  program: string,
  args: readonly string[],
  seconds?: number,
  input?: string,
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, seconds, input);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: exit code ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

/** The project's own command line, for the end-to-end stack. */
export function local(args: readonly string[], seconds = 60): Promise<Finished> {
  return run("node", [".build/local.js", "--stack", STACK, ...args], seconds);
}

/** awscli, which nobody here wrote, against the local cloud: what it prints, from JSON. */

export async function aws(...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await local(["aws", ...args, "--output", "json"]);
  if (code !== 0) throw new Error(stderr.trim());
  return stdout.trim() === "" ? undefined : JSON.parse(stdout);
}

/** Runs a command inside a host. */
export function onHost(container: string, command: string, seconds?: number): Promise<string> {
  return succeed("docker", ["exec", container, "bash", "-c", command], seconds);
}

/** Waits until `probe` gives a value, trying twice a second unless told otherwise; fails with what it last said. */
export async function eventually<T>(what: string, seconds: number, probe: () => Promise<T>, pauseMs = 500): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  while (true) {
    try {
      return await probe();
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`${what}: not within ${seconds} s: ${String(error)}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** The names of what a stack has in Docker. */
export async function leftovers(): Promise<{ containers: string[]; networks: string[]; volumes: string[] }> {
  const filter = ["--filter", `label=cluster.local=${STACK}`];
  const list = async (args: string[]) => (await succeed("docker", args)).split("\n").filter(Boolean);
  return {
    containers: await list(["ps", "--all", ...filter, "--format", "{{.Names}}"]),
    networks: await list(["network", "ls", ...filter, "--format", "{{.Name}}"]),
    volumes: await list(["volume", "ls", ...filter, "--format", "{{.Name}}"]),
  };
}

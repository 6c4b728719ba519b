import Docker from "dockerode";
import { PassThrough } from "node:stream";

/** Label on every container, network and volume of a stack; its value is the stack's name. */
export const STACK_LABEL = "cluster.local";

export interface ExecResult {
  readonly code: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** Runs a command in a running container, feeding `input` to it, and gives what it printed; throws when it exits non-zero. */
export async function execIn(container: Docker.Container, command: readonly string[], input?: string): Promise<string> {
  const { code, output } = await tryExecIn(container, command, input);
  if (code !== 0)
    throw new Error(`${command.join(" ").slice(0, 120)}: exit code ${code}: ${output.trim().slice(0, 400)}`);
  return output;
}

/**
 * Puts a packet filter in force in a container. What goes to an instance that has ended vanishes in a VPC: its router answers for every
 * address. Linux says "no route to host" after three questions, a second apart, that nobody answers; of so many the sender's own time-out
 * comes first.
 */
export function loadFilter(container: Docker.Container, rules: string): Promise<string> {
  const questions = "ip ntable change name arp_cache dev eth0 mcast_probes 300";
  return execIn(container, ["sh", "-c", `${questions} && nft -f -`], rules);
}

/** As {@link execIn}, for commands whose failure is an answer. */
export async function tryExecIn(
  container: Docker.Container,
  command: readonly string[],
  input?: string,
): Promise<ExecResult> {
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: input !== undefined,
  });
  const stream = await exec.start({ hijack: true, stdin: input !== undefined });
  const collected = new PassThrough();
  const chunks: Buffer[] = [];
  collected.on("data", (chunk: Buffer) => chunks.push(chunk));
  container.modem.demuxStream(stream, collected, collected);
  if (input !== undefined) stream.end(input);
  await new Promise<void>((resolve, reject) => stream.on("end", resolve).on("close", resolve).on("error", reject));
  const { ExitCode } = await exec.inspect();
  return { code: ExitCode ?? -1, output: Buffer.concat(chunks).toString() };
}

/** Whether an error of the Docker API says that the thing is not there (any more). */
export function isAbsent(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

/** Removes a container and its anonymous volumes; one that is gone already is a success. */
export async function removeContainer(container: Docker.Container): Promise<void> {
  await container.remove({ force: true, v: true }).catch((error: unknown) => {
    const { statusCode } = error as { statusCode?: number };
    // 409: another removal of the same container is under way.
    if (statusCode !== 404 && statusCode !== 409) throw error;
  });
}

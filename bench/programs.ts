import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { eventually } from "../tests/e2e/support";

export interface StartOptions {
  /** Over this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Whether it serves yet: throws while it does not. */
  readonly ready?: () => Promise<unknown>;
  readonly readySeconds?: number;
}

/** A program that runs. */
export interface Running {
  readonly pid: number;
  /** The file that holds what it prints; whoever empties it may do so while it runs. */
  readonly log: string;
  /** Resident set, in MB. */
  memory(): number;
  /** The largest that it has been since its start, in MB. */
  peakMemory(): number;
  /** CPU that it and the processes below it have used since their start, in seconds. */
  cpu(): number;
  stop(): Promise<void>;
}

/** Ticks of a second in /proc: the same on every Linux that Node.js runs on. */
export const TICKS = 100;

/** Programs that a measurement starts, each with a log of its own in .build/bench/. What is not stopped by whoever started it is ended by `stopAll`. */
export class Programs {
  readonly #running = new Set<Running>();
  readonly #children = new Set<ChildProcess>();

  constructor() {
    // For when this process ends by an error that nobody catches, and never comes to `stopAll`.
    process.once("exit", () => this.#children.forEach((child) => child.kill("SIGKILL")));
  }

  async start(name: string, command: string, args: readonly string[], options: StartOptions = {}): Promise<Running> {
    const folder = path.resolve(".build/bench/logs");
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${name}.log`);
    writeFileSync(file, "");
    const log = openSync(file, "a");
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", log, log],
    });
    this.#children.add(child);
    closeSync(log);
    const ended = new Promise<never>((_, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}: ${lastLines(file)}`)));
    });
    // Who stops it does not wait for this.
    ended.catch(() => undefined);
    const running = runningOf(child, file);
    this.#running.add(running);
    if (options.ready !== undefined) {
      await Promise.race([eventually(name, options.readySeconds ?? 30, options.ready, 50), ended]);
    }
    return running;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((each) => each.stop()));
    this.#running.clear();
  }
}

function runningOf(child: ChildProcess, log: string): Running {
  const pid = child.pid ?? 0;
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null || pid === 0;
  return {
    ...{ pid, log },
    memory: () => megabytes(pid, "VmRSS"),
    peakMemory: () => megabytes(pid, "VmHWM"),
    cpu: () => family(pid).reduce((sum, each) => sum + cpuOf(each), 0),
    async stop() {
      if (hasEnded()) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(late);
    },
  };
}

/** A size from the status that Linux has of a process. */
const megabytes = (pid: number, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;

/** A process and all below it, such as a server's workers. */
function family(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number);
    } catch {
      // The thread has ended since it was listed.
      return [];
    }
  });
  return [pid, ...children.flatMap(family)];
}

function cpuOf(pid: number): number {
  // What stands before the last parenthesis is the program's name, which may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Of a log that may be larger than a string can be. */
function lastLines(file: string): string {
  const end = Buffer.alloc(4096);
  const log = openSync(file, "r");
  const length = readSync(log, end, 0, end.length, Math.max(0, statSync(file).size - end.length));
  closeSync(log);
  return end.toString("utf8", 0, length).trim().split("\n").slice(-10).join("\n");
}

/** A port of loopback that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

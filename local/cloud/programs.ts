import { spawn, type ChildProcess } from "node:child_process";
import * as readline from "node:readline";

export interface ProgramSettings {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How often it may end by itself before `onGivenUp` is called; 0 when its state dies with it. */
  readonly restarts: number;
  /** Whether it answers; asked until it does or `startSeconds` (default 60) are over. */
  ready?(): Promise<boolean>;
  readonly startSeconds?: number;
  onGivenUp(reason: string): void;
  log(line: string): void;
}

/** A child process that is kept running. Its output goes to the log, line by line, with its name. */
export class Program {
  private child: ChildProcess | undefined;
  private stopping = false;
  private ended = 0;

  constructor(private readonly settings: ProgramSettings) {}

  /** Resolves when the program answers. */
  async start(): Promise<void> {
    const { name, ready, startSeconds = 60 } = this.settings;
    this.stopping = false;
    this.spawn();
    if (!ready) return;
    for (const end = Date.now() + startSeconds * 1000; Date.now() < end;) {
      if (await ready().catch(() => false)) return;
      if (this.child === undefined && this.ended > this.settings.restarts) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${name} did not start in ${startSeconds} s: see its lines above`);
  }

  /** SIGTERM, then SIGKILL after five seconds. */
  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const impatience = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await gone;
    clearTimeout(impatience);
  }

  /** Starts it anew, for instance because its configuration has changed. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  private spawn(): void {
    const { name, command, args, env, restarts, log, onGivenUp } = this.settings;
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      readline.createInterface({ input: stream }).on("line", (line) => log(`${name}: ${line}`));
    }
    let over = false;
    const onEnd = (reason: string): void => {
      if (over) return;
      over = true;
      this.child = undefined;
      if (this.stopping) return;
      this.ended += 1;
      if (this.ended > restarts) return onGivenUp(`${name} ended (${reason}) for the ${this.ended}. time`);
      log(`${name} ended (${reason}): starting it again, ${restarts - this.ended} more times`);
      setTimeout(() => !this.stopping && this.spawn(), 500);
    };
    child.on("error", (error) => onEnd(error.message));
    child.on("exit", (code, signal) => onEnd(String(signal ?? code)));
  }
}

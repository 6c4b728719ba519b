import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { seconds, secondsUntil } from "../tests/drill/clock";
import { isWell } from "../tests/drill/view";
import { forget } from "../tests/e2e/clients";
import { local, STACK } from "../tests/e2e/support";
import { type Said, type Step, stepsOf } from "./steps";

/** As `Pulumi.local.yaml` has them. */
export const WORKERS = 2;

/**
 * What the stack is made from: the checkout, with copies of the apps in place of the apps, so that a line of them may change. It is always this
 * folder, which the state names.
 */
const PROJECT = path.resolve(".build/bench/project");

const LIMIT_SECONDS = 600;

/** What a run of the command line came to. */
export interface Run {
  readonly seconds: number;
  readonly steps: readonly Step[];
  /** All that it said. */
  readonly text: string;
}

let standing: Promise<void> | undefined;
let isBegun = false;
let running: ChildProcess | undefined;
let isOver: Promise<void> | undefined;

/** Resolves when the stack is up and all is well; the first call brings it up. */
export function stack(): Promise<void> {
  standing ??= (async () => {
    await up();
    await secondsUntil("all well", 120, () => isWell(WORKERS));
  })();
  return standing;
}

/** Brings the stack up, with these values besides, such as `cluster:backend.count=3`. */
export const up = (...changes: readonly string[]): Promise<Run> => run("up", changes);

/** What `up` would do. */
export const preview = (...changes: readonly string[]): Promise<Run> => run("preview", changes);

/**
 * Changes a file of an app, named as in the checkout, for the next run. The change is made of what the checkout has, whatever was changed before; it
 * throws where it finds nothing to change.
 */
export function edit(file: string, change: (text: string) => string): void {
  // Everything else of the copy is a link into the checkout.
  if (!file.startsWith("apps/")) throw new Error(`${file}: expected a file of apps/`);
  begin();
  const text = readFileSync(file, "utf8");
  const changed = change(text);
  if (changed === text) throw new Error(`${file}: the change finds nothing to change`);
  writeFileSync(path.join(PROJECT, file), changed);
}

/** An app's folder in the copy: a Docker context. */
export const appFolder = (app: string): string => path.join(PROJECT, "apps", app);

/** Takes the stack away, whatever state it is in, and whether this process has brought it up or one before. */
export async function takeAway(): Promise<void> {
  end(running);
  standing = undefined;
  const { code, stderr } = await local(["destroy", "--force"], 300);
  if (code !== 0) throw new Error(stderr);
}

/** Takes the stack away if this process has begun one; after that there is no other. */
export function leave(): Promise<void> {
  isOver ??= isBegun ? takeAway() : Promise.resolve();
  return isOver;
}

function begin(): void {
  if (isBegun) return;
  isBegun = true;
  rmSync(PROJECT, { recursive: true, force: true });
  mkdirSync(PROJECT, { recursive: true });
  const linked = readdirSync(".").filter((name) => !["apps", ".git", ".local"].includes(name));
  for (const name of [...linked, ".local"]) symlinkSync(path.resolve(name), path.join(PROJECT, name));
  const made = ["node_modules", "dist", ".build"];
  const filter = (source: string) => !made.includes(path.basename(source));
  cpSync("apps", path.join(PROJECT, "apps"), { recursive: true, filter });
}

async function run(command: "up" | "preview", changes: readonly string[]): Promise<Run> {
  // Who is told to end in the middle of a question still asks it to its end.
  if (isOver !== undefined) throw new Error(`no ${command}: the stack is taken away`);
  begin();
  // The state's folder, into which the copy has a link; it goes with the last stack.
  mkdirSync(".local", { recursive: true });
  const started = Date.now();
  const said: Said[] = [];
  const args = [".build/local.js", "--stack", STACK, command, ...changes.flatMap((each) => ["--config", each])];
  // A group of its own: who ends it ends the engine too.
  const child = spawn("node", args, { cwd: PROJECT, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  running = child;
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => said.push({ line, at: seconds(started) }));
  }
  const late = setTimeout(() => end(child), LIMIT_SECONDS * 1_000);
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearTimeout(late);
  // What was known of the stack before may be no longer so.
  forget();
  const text = said.map(({ line }) => line).join("\n");
  if (code !== 0) throw new Error(`${command} ended with ${code ?? "SIGKILL"} after ${seconds(started)} s:\n${text}`);
  return { seconds: seconds(started), steps: stepsOf(said), text };
}

function end(child: ChildProcess | undefined): void {
  if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, "SIGKILL");
}

import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { downloadRelease } from "./download";
import type { Source } from "./find";

export interface Installation extends Source {
  /** The program's final path: `<cache>/engines/<key>/<name>`. Its folder appears complete or not at all. */
  readonly target: string;
}

const progressEveryMs = 15_000;

/** Downloads or builds one program into its folder of the cache. One process does it; others wait for that one. */
export async function installEngine(wanted: Installation, log: (line: string) => void): Promise<void> {
  const folder = path.dirname(wanted.target);
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const unlock = await lock(`${folder}.lock`, `${wanted.name} ${wanted.version}`, log);
  const work = `${folder}.work-${process.pid}`;
  try {
    if (fs.existsSync(wanted.target)) return;
    removeAbandoned(folder);
    fs.mkdirSync(work, { recursive: true });
    const program = path.join(work, wanted.name);
    if (!(await download(wanted, program, log))) await build(wanted, program, log);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(work, folder);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
    unlock();
  }
}

/** Work folders of processes that were interrupted; the lock is held, so none of them is in use. */
function removeAbandoned(folder: string): void {
  const parent = path.dirname(folder);
  for (const entry of fs.readdirSync(parent)) {
    if (entry.startsWith(`${path.basename(folder)}.work-`)) {
      fs.rmSync(path.join(parent, entry), { recursive: true, force: true });
    }
  }
}

async function download(wanted: Installation, program: string, log: (line: string) => void): Promise<boolean> {
  if (wanted.release === undefined) return false;
  const done = progress(`downloading ${wanted.name} ${wanted.version}`, log);
  try {
    await downloadRelease(wanted.name, wanted.release, program);
    log(`engines: ${wanted.name} ${wanted.version} downloaded, checksum verified`);
    return true;
  } catch (error) {
    log(`engines: no release of ${wanted.name} ${wanted.version}: ${(error as Error).message}; building it instead`);
    return false;
  } finally {
    done();
  }
}

async function build(wanted: Installation, program: string, log: (line: string) => void): Promise<void> {
  requireGo(wanted);
  log(`engines: building ${wanted.name} ${wanted.version} from its Go module: takes ${wanted.recipe.takes}, once`);
  const started = Date.now();
  const done = progress(`building ${wanted.name} ${wanted.version}`, log);
  try {
    await run(
      "go",
      ["build", "-mod=readonly", "-trimpath", "-ldflags", wanted.recipe.ldflags, "-o", program, wanted.recipe.main],
      {
        cwd: wanted.module,
        // The agents run in containers of any libc, so nothing may be linked to this machine's.
        env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-buildvcs=false" },
      },
    );
  } catch (error) {
    const where = path.relative(".", wanted.module);
    throw new Error(`building ${wanted.name} ${wanted.version} in ${where} failed:\n${(error as Error).message}`);
  } finally {
    done();
  }
  log(`engines: ${wanted.name} ${wanted.version} built in ${elapsed(started)}`);
}

/** Throws with the remedy unless a Go is there that can build the module. */
function requireGo(wanted: Installation): void {
  const goMod = fs.readFileSync(path.join(wanted.module, "go.mod"), "utf8");
  const needed = /^go (\S+)$/m.exec(goMod)?.[1] ?? "1.25";
  const remedy =
    `install Go ${needed} or newer from https://go.dev/dl/ (Debian 12's own package is too old), ` +
    `or put ${wanted.name} ${wanted.version} on PATH, and run this again`;
  const go = spawnSync("go", ["env", "GOVERSION", "GOTOOLCHAIN"], {
    encoding: "utf8",
    cwd: path.dirname(wanted.module),
  });
  if (go.error !== undefined) throw new Error(`${wanted.name} has to be built here, and there is no Go: ${remedy}`);
  const [version = "", toolchain = ""] = go.stdout.trim().split("\n");
  const have = version.replace(/^go/, "");
  // A Go from 1.21 on fetches the toolchain that a module asks for, unless it is told not to.
  const fetches = toolchain !== "local" && atLeast(have, "1.21");
  if (!atLeast(have, needed) && !fetches)
    throw new Error(`${wanted.name} needs Go ${needed}, and here is ${have}: ${remedy}`);
}

export function atLeast(have: string, needed: string): boolean {
  const [a, b] = [have, needed].map((text) => text.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function run(command: string, args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    const tail: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      tail.push(...text.split("\n").filter((line) => line !== ""));
      tail.splice(0, Math.max(0, tail.length - 25));
    });
    const stop = () => child.kill();
    process.once("exit", stop);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.removeListener("exit", stop);
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${signal ?? code}\n${tail.join("\n")}`));
    });
  });
}

function progress(what: string, log: (line: string) => void): () => void {
  const started = Date.now();
  const timer = setInterval(() => log(`engines: ${what}, ${elapsed(started)}`), progressEveryMs);
  return () => clearInterval(timer);
}

function elapsed(started: number): string {
  const seconds = Math.round((Date.now() - started) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Takes a lock file that names its holder; a lock whose holder is gone is taken over. */
async function lock(file: string, what: string, log: (line: string) => void): Promise<() => void> {
  for (let attempt = 0; ; attempt++) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(file);
    if (holder === undefined ? ageMs(file) > 10_000 : !isAlive(holder)) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (attempt % 30 === 0) log(`engines: waiting for process ${holder ?? "?"}, which is installing ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Undefined while the holder has created the file but not yet written to it. */
function readHolder(file: string): number | undefined {
  try {
    return Number.parseInt(fs.readFileSync(file, "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}

function ageMs(file: string): number {
  return Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

import { appendFileSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";

interface Lock {
  readonly pid: number;
}

/** Whether a process of this id runs, and is an engine: ids are used again, and one that was killed is listed until its parent has looked. */
function engineRuns(pid: number): boolean {
  const isLinux = existsSync("/proc/self/stat");
  try {
    if (!isLinux) return process.kill(pid, 0);
    const [, name, state] = /\((.*)\) (.)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))!;
    return name!.startsWith("pulumi") && state !== "Z" && state !== "X";
  } catch (error) {
    // Not allowed to ask: somebody else's, and so alive.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function locks(state: string): Lock[] {
  const folder = path.join(state, ".pulumi", "locks");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Lock);
}

/** How long an engine that has been killed may take to be gone. */
const DYING_MS = 5_000;

/** Takes away the lock of a run that died, or is dying. A run that lives is an error that names it. */
export async function releaseStaleLock(
  stack: Pick<Stack, "name" | "cancel">,
  state: string,
  log: (line: string) => void,
): Promise<void> {
  const held = locks(state);
  if (held.length === 0) return;
  const until = Date.now() + DYING_MS;
  const findLiving = () => held.find(({ pid }) => engineRuns(pid));
  while (findLiving() && Date.now() < until) await sleep(100);
  const living = findLiving();
  if (living) throw new Error(`the stack ${stack.name} is being worked on by another run (process ${living.pid})`);
  log(`an earlier run died (process ${held[0]!.pid}): taking its lock away`);
  await stack.cancel();
}

const isJson = (file: string): boolean => {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
};

/** Where the engine keeps the state of a stack. */
const stateFile = (state: string, project: string, stack: string): string =>
  path.join(state, ".pulumi", "stacks", project, `${stack}.json`);

/**
 * Mends what a run that died in the middle of writing leaves: half-written attributes of a file, which the engine does without, and a
 * half-written state, for which it keeps the one before.
 */
export function repairState(state: string, project: string, stack: string, log: (line: string) => void): void {
  const file = stateFile(state, project, stack);
  const folder = path.dirname(file);
  if (!existsSync(folder)) return;
  const attributes = readdirSync(folder).filter((name) => name.endsWith(".attrs"));
  for (const name of attributes) if (!isJson(path.join(folder, name))) rmSync(path.join(folder, name));
  if (!existsSync(file) || isJson(file)) return;
  if (!isJson(`${file}.bak`)) {
    throw new Error(
      `the state ${file} is damaged: \`npm run local -- destroy --force --stack ${stack}\` removes the stack without it`,
    );
  }
  log("an earlier run died while it wrote the state: going back to the one before");
  copyFileSync(`${file}.bak`, file);
}

/** Notes each resource that exists, before the engine can: what a run that dies leaves behind is known by it. */
export class Journal {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  readonly note = (urn: string, id: string): void => appendFileSync(this.#file, `${JSON.stringify({ urn, id })}\n`);

  /** The id noted last for each resource. */
  read(): Map<string, string> {
    const text = existsSync(this.#file) ? readFileSync(this.#file, "utf8") : "";
    const lines = text.split("\n").filter((line) => line.endsWith("}"));
    return new Map(
      lines.map((line) => JSON.parse(line) as { urn: string; id: string }).map(({ urn, id }) => [urn, id]),
    );
  }

  /** Forgets everything: for when the state knows it all. */
  clear(): void {
    rmSync(this.#file, { force: true });
  }
}

interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly inputs?: object;
  readonly delete?: boolean;
}

interface Deployment {
  resources?: StateResource[];
  pending_operations?: { readonly type: string; readonly resource: StateResource }[];
}

/**
 * Settles what a dead run had begun and not ended. Changes and deletions are simply done again. What it was creating and the journal
 * knows goes into the state as half made, so that the next run finishes or deletes it.
 */
export function settle(deployment: Deployment, created: ReadonlyMap<string, string>): string[] {
  const { resources = [], pending_operations: pending = [] } = deployment;
  const lines = pending.map(({ type, resource }) => {
    const name = resource.urn.split("::").slice(2).join(" ").replace(/^.*\$/, "");
    const id = type === "creating" ? created.get(resource.urn) : undefined;
    if (!id || resources.some((known) => known.urn === resource.urn && known.id === id)) {
      const unsure = type === "creating" && !id ? "; should it exist already, `destroy --force` starts over" : "";
      return `an earlier run died while ${type} ${name}${unsure}`;
    }
    // Of two with one name the newer has not taken the older one's place yet: it goes, and is made again.
    const isReplacement = resources.some((known) => known.urn === resource.urn && !known.delete);
    const initErrors = ["the run that created it died"];
    resources.push({
      ...resource,
      id,
      ...{ outputs: resource.inputs ?? {}, initErrors },
      ...(isReplacement ? { delete: true } : {}),
    });
    return `an earlier run died while creating ${name}: ${id} is taken into the state`;
  });
  deployment.resources = resources;
  deployment.pending_operations = [];
  return lines;
}

/** Whether a run died over the state of a stack. Read from its file: the engine would decrypt all of it for that. */
export function hasPendingOperations(state: string, project: string, stack: string): boolean {
  const file = stateFile(state, project, stack);
  if (!existsSync(file)) return false;
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest?: Deployment } };
  return (checkpoint.latest?.pending_operations ?? []).length > 0;
}

/** Settles the state of a stack that a run died over. */
export async function recover(stack: Stack, journal: Journal, log: (line: string) => void): Promise<void> {
  const state = await stack.exportStack();
  settle(state.deployment as Deployment, journal.read()).forEach(log);
  await stack.importStack(state);
}

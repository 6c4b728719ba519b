import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";

interface Lock {
  readonly pid: number;
}

/** Whether a process of this id runs, and is an engine: ids are used again. */
function engineRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const name = `/proc/${pid}/comm`;
  return !existsSync(name) || readFileSync(name, "utf8").startsWith("pulumi");
}

function locks(state: string): Lock[] {
  const folder = path.join(state, ".pulumi", "locks");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Lock);
}

/** Takes away the lock of a run that died. A run that lives is an error that names it. */
export async function releaseStaleLock(stack: Stack, state: string, log: (line: string) => void): Promise<void> {
  const held = locks(state);
  if (held.length === 0) return;
  const living = held.find(({ pid }) => engineRuns(pid));
  if (living) throw new Error(`the stack ${stack.name} is being worked on by another run (process ${living.pid})`);
  log(`an earlier run died (process ${held[0]!.pid}): taking its lock away`);
  await stack.cancel();
}

interface PendingOperation {
  readonly type: string;
  readonly resource: { readonly urn: string };
}

/**
 * Takes operations out of the state that a dead run had begun and not ended. Changes and deletions are simply done again; what was
 * being created may exist without being known, which is said.
 */
export async function dropPendingOperations(stack: Stack, log: (line: string) => void): Promise<void> {
  const state = await stack.exportStack();
  const pending = (state.deployment?.pending_operations ?? []) as PendingOperation[];
  if (pending.length === 0) return;
  for (const { type, resource } of pending) {
    const name = resource.urn.split("::").slice(2).join(" ");
    const unsure = type === "creating" ? "; if it was made, it stays until the cloud is destroyed" : "";
    log(`an earlier run died while ${type} ${name}${unsure}`);
  }
  state.deployment.pending_operations = [];
  await stack.importStack(state);
}

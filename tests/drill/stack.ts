import { spawn } from "node:child_process";
import { leftovers, local, STACK } from "../e2e/support";

export const WORKERS = 3;

const pool: Readonly<Record<string, string | number>> = {
  ...{ min: WORKERS - 1, max: WORKERS + 2, desired: WORKERS },
  // The drill alone says how many there are.
  needPercent: 0,
  // One of three.
  ...{ "instanceTypes[1]": "t3a.small", spotPercent: 34 },
};

export const upArguments = (changes: readonly string[]): string[] => [
  "up",
  ...[...Object.entries(pool).map(([key, value]) => `cluster:workerPools[0].${key}=${value}`), ...changes].flatMap(
    (each) => ["--config", each],
  ),
];

/** Brings the drill's stack up, with these values besides, such as `cluster:serverInstanceType=t3.medium`. Gives what it said. */
export async function up(...changes: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await local(upArguments(changes), 600);
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** Does an `up` that has to fail; gives what it said. */
export async function failedUp(...changes: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await local(upArguments(changes), 600);
  if (code === 0) throw new Error(`an up with ${changes.join(", ")} has not failed`);
  return `${stdout}${stderr}`;
}

/** Whether an `up` that said this has changed something. */
export const isChanged = (said: string): boolean => !said.includes("up: nothing to change");

/** Begins an `up` and kills it, the engine and all other programs that it has started, after so many seconds; gives whether it was too late. */
export function killedUp(afterSeconds: number, ...changes: readonly string[]): Promise<boolean> {
  const args = [".build/local.js", "--stack", STACK, ...upArguments(changes)];
  const child = spawn("node", args, { detached: true, stdio: "ignore" });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), afterSeconds * 1_000);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

/** Takes the stack away; gives how many containers, networks and volumes of it are left. */
export async function destroy(): Promise<number> {
  const { code, stdout, stderr } = await local(["destroy"], 300);
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
  return Object.values(await leftovers()).flat().length;
}

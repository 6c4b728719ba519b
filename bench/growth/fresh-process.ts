import { createRequire } from "node:module";
import path from "node:path";
import { succeed } from "../../tests/e2e/support";

/** What a process has used by its end. */
export interface Usage {
  readonly cpuMs: number;
  /** The largest resident set that it has had, in MB. */
  readonly megabytes: number;
}

/** Files beside this one. Each measures in a process of its own, which finds neither heap nor compiled code of another. */
export type Measurement = "mocks" | "preview" | "gate";

/** Services that the project's program has of its own: no program has fewer. */
export const OWN_SERVICES = 2;

const LONGEST_SECONDS = 300;

/** Runs a measurement to its end, and gives what it finished with. TypeScript is compiled on loading, as Pulumi's language host has it done. */
export async function inFreshProcess(
  measurement: Measurement,
  args: readonly (string | number)[],
): Promise<Usage & Readonly<Record<string, number>>> {
  const compiler = [createRequire(__filename).resolve("ts-node/dist/bin.js"), "--swc"];
  const file = path.join(__dirname, `${measurement}.ts`);
  const printed = await succeed(process.execPath, [...compiler, file, ...args.map(String)], LONGEST_SECONDS);
  return JSON.parse(printed.trim().split("\n").at(-1)!) as Usage & Record<string, number>;
}

/** Ends this process, with figures as its last line. */
export function finish(figures: Readonly<Record<string, number>>): never {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage: Usage = { cpuMs: (userCPUTime + systemCPUTime) / 1000, megabytes: maxRSS / 1024 };
  console.log(JSON.stringify({ ...figures, ...usage }));
  process.exit(0);
}

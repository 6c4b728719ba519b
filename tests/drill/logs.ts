import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CLUSTER } from "../e2e/cluster-view";
import { aws } from "../e2e/support";

const FOLDER = path.resolve(".build/drill");
const BEFORE_MS = 30_000;
const AFTER_MS = 10_000;
/** Of a moment that went wrong, the beginning tells why. */
const MOST_MS = 120_000;

/**
 * Keeps what agents and jobs said around the time from `from` to `to`, in ms since the epoch: the stack, and its logs, may be gone when somebody
 * asks why. Gives the files.
 */
export async function keepLogs(name: string, from: number, to: number): Promise<string[]> {
  mkdirSync(FOLDER, { recursive: true });
  const files: string[] = [];
  for (const group of ["agents", "jobs"]) {
    const span = [from - BEFORE_MS, Math.min(to + AFTER_MS, from + MOST_MS)].map((ms) => String(Math.round(ms)));
    const { events } = await aws(
      ...["logs", "filter-log-events", "--log-group-name", `/${CLUSTER}/${group}`],
      ...["--start-time", span[0]!, "--end-time", span[1]!],
    );
    const lines = (events as { timestamp: number; logStreamName: string; message: string }[])
      .sort((a, b) => a.timestamp - b.timestamp)
      .map(
        ({ timestamp, logStreamName, message }) => `${new Date(timestamp).toISOString()} ${logStreamName} ${message}`,
      );
    const file = path.join(FOLDER, `${name.replaceAll(/[^\w-]+/g, "-").slice(0, 40)}-${group}.log`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    files.push(file);
  }
  return files;
}

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { logEvents } from "../e2e/log-events";

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
  const span = { startTime: from - BEFORE_MS, endTime: Math.min(to + AFTER_MS, from + MOST_MS) };
  const files: string[] = [];
  for (const group of ["agents", "jobs"] as const) {
    const lines = (await logEvents(group, span)).map(
      ({ timestamp, logStreamName, message }) => `${new Date(timestamp).toISOString()} ${logStreamName} ${message}`,
    );
    const file = path.join(FOLDER, `${name.replaceAll(/[^\w-]+/g, "-").slice(0, 40)}-${group}.log`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    files.push(file);
  }
  return files;
}

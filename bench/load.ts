import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { installPackages } from "../local/images/apt";

/**
 * The load generator is wrk: written in C, it takes a small share of one core where one in JavaScript (autocannon) takes more than what it
 * measures, and Debian has it, which oha is missing from.
 */
export interface LoadOptions {
  readonly url: string;
  readonly seconds: number;
  /** Kept open, each with one request under way at a time. Default 32. */
  readonly connections?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** Answers of another status than 2xx and 3xx, and requests that had none. */
  readonly failed: number;
}

/** Has wrk print its figures as JSON; times are in microseconds. */
const SCRIPT = `done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"us":%d,"requests":%d,"p50":%.0f,"p99":%.0f,"failed":%d}\\n', summary.duration, summary.requests,
    latency:percentile(50), latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;

export const ensureWrk = (log: (line: string) => void): Promise<void> => ensurePrograms(["wrk"], log);

/** Ensures programs of Debian's packages, each named after its package. */
export async function ensurePrograms(names: readonly string[], log: (line: string) => void): Promise<void> {
  // Not all of them can be asked for their version.
  const lacking = names.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
  if (lacking.length > 0) await installPackages(lacking, "programs to measure with are missing", log);
}

/** As much as these connections can ask for so many seconds; loopback and this project's own hosts only. Throws when nothing was answered. */
export async function load({ url, seconds, connections = 32, headers = {} }: LoadOptions): Promise<LoadResult> {
  const script = path.resolve(".build/bench/wrk.lua");
  mkdirSync(path.dirname(script), { recursive: true });
  writeFileSync(script, SCRIPT);
  const args = [
    ...["--threads", "1", "--connections", String(connections), "--duration", `${seconds}s`, "--timeout", "10s"],
    ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    ...["--latency", "--script", script, url],
  ];
  const { stdout } = await promisify(execFile)("wrk", args, { timeout: (seconds + 30) * 1000 });
  const result = JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<
    "us" | "requests" | "p50" | "p99" | "failed",
    number
  >;
  if (result.requests === 0) throw new Error(`${url}: nothing was answered in ${seconds} s`);
  return {
    requestsPerSecond: (result.requests / result.us) * 1e6,
    ...{ p50Ms: result.p50 / 1000, p99Ms: result.p99 / 1000 },
    ...{ requests: result.requests, failed: result.failed },
  };
}

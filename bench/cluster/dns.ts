import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { quantile } from "simple-statistics";
import { containerDnsAddress } from "../../hosts/dns";
import type { Host } from "../../tests/e2e/cluster-view";
import { succeed } from "../../tests/e2e/support";

const QUESTION = "backend.service.consul SRV";

export interface DnsLoad {
  readonly seconds: number;
  /** Questions a second; each answer is then timed. Default: as many as are answered, with 100 under way. */
  readonly rate?: number;
}

export interface DnsResult {
  readonly answersPerSecond: number;
  /** Of each answer; empty unless the load had a rate. */
  readonly ms: readonly number[];
  /** Questions that had no answer within five seconds. */
  readonly lost: number;
}

/**
 * Asks a host's agent for the backend's instances, by dnsperf, where the host's containers ask: at an address that only the host itself has, so from
 * inside its network. Takes root.
 */
export async function askDns({ container }: Host, { seconds, rate }: DnsLoad): Promise<DnsResult> {
  const file = path.resolve(".build/bench/questions.txt");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${QUESTION}\n`);
  const pid = (await succeed("docker", ["inspect", "--format", "{{.State.Pid}}", container])).trim();
  const network = ["--target", pid, "--net"];
  const ask = ["dnsperf", "-s", containerDnsAddress, "-d", file, "-l", String(seconds), "-q", "100"];
  const timed = rate === undefined ? [] : ["-Q", String(rate), "-v"];
  return dnsResult(await succeed("nsenter", [...network, ...ask, ...timed], seconds + 30));
}

/** What dnsperf 2 prints; throws when an answer says that there is no such service, or an error. */
export function dnsResult(printed: string): DnsResult {
  const value = (what: string): string => {
    const found = new RegExp(`^ *${what}: +(.*)$`, "m").exec(printed)?.[1];
    if (found === undefined) throw new Error(`dnsperf does not say "${what}": ${printed.slice(-500)}`);
    return found;
  };
  const codes = value("Response codes");
  if (!/^NOERROR \d+ \(100\.00%\)$/.test(codes)) throw new Error(`${QUESTION}: ${codes}`);
  return {
    answersPerSecond: Number(value("Queries per second")),
    ms: [...printed.matchAll(/^> NOERROR .* (\d+\.\d+)$/gm)].map(([, seconds]) => Number(seconds) * 1000),
    lost: Number.parseInt(value("Queries lost"), 10),
  };
}

export const p99 = ({ ms }: DnsResult): number => quantile([...ms], 0.99);

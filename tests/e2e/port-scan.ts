import * as path from "node:path";
import { debianImage } from "../../local/images/base-images";
import { ensureImage } from "../../local/images/image";
import { STACK, succeed } from "./support";

/** Somebody who may send packets: a container of the stack, or, without one, the machine itself: this cloud's internet. */
export interface Source {
  readonly role: string;
  /** In the VPC. */
  readonly address: string;
  readonly container?: string;
}

/** Whose ports are looked at. */
export interface Target extends Source {
  /** Unique, and the same in every run. */
  readonly name: string;
  readonly container: string;
}

export type Protocol = "tcp" | "udp";

/** All ports of one protocol of a target, seen from a source. Ports in ascending order. */
export interface Observation {
  readonly from: Source;
  readonly to: Target;
  readonly protocol: Protocol;
  /** Let through by the target's packet filter. */
  readonly passed: readonly number[];
  /** Of these, TCP ports that accept a connection. */
  readonly open: readonly number[];
}

const IMAGE = "cluster-local/scanner";
const PORTS = 65_535;
/** Source ports of scans. Hosts draw the ports of their own connections from below (ip_local_port_range). */
const FIRST_SOURCE_PORT = 61_000;
const PACKETS_A_SECOND = 40_000;
const SCANS_AT_ONCE = 3;
const ATTEMPTS = 3;

/**
 * Where Docker's bridges pass packets by iptables, the machine tracks what crosses them, as a connection each. Scans must not fill that
 * table, of some 262 144 entries, for everybody else: while they go on, it leaves out their source ports, which nobody else draws.
 */
const UNTRACKED = "inet port_scan";
const untracked = `table ${UNTRACKED} {
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    meta l4proto { tcp, udp } th sport ${FIRST_SOURCE_PORT}-${PORTS} notrack
  }
}`;

/**
 * Scans by nmap, in containers that share the network namespace of whom they stand beside, so that they send from its address
 * and see what reaches it. Nothing is installed on a host, and what is left when a run is cut off goes with the stack.
 */
export class PortScan {
  private readonly scanners = new Map<string | undefined, string>();
  // A connection that a host remembers from an earlier run would pass a filter that has changed since.
  private sourcePort = FIRST_SOURCE_PORT + Math.floor(Math.random() * 4000);

  /** Puts a scanner beside each of these and beside the machine itself. */
  async start(containers: readonly string[]): Promise<void> {
    const folder = path.resolve("tests/e2e/scanner");
    await ensureImage({ tag: IMAGE, folder, parents: [debianImage], takes: "under a minute" }, console.log);
    for (const container of [undefined, ...containers]) {
      const scanner = await succeed("docker", [
        ...["run", "--detach", "--rm", "--init", "--label", `cluster.local=${STACK}`],
        ...["--network", container === undefined ? "host" : `container:${container}`],
        ...["--cap-drop", "ALL", "--cap-add", "NET_RAW", "--cap-add", "NET_ADMIN", IMAGE, "sleep", "infinity"],
      ]);
      this.scanners.set(container, scanner.trim());
    }
    await this.onMachine(`table ${UNTRACKED}; delete table ${UNTRACKED}; ${untracked}`);
  }

  async stop(): Promise<void> {
    const scanners = [...this.scanners.values()];
    if (this.scanners.has(undefined)) await this.onMachine(`table ${UNTRACKED}; delete table ${UNTRACKED}`);
    if (scanners.length > 0) await succeed("docker", ["rm", "--force", ...scanners]);
  }

  /** Sends to every port of these targets, over both protocols, from each of the sources that `from` names. */
  async scanAll<T extends Target>(targets: readonly T[], from: (to: T) => readonly Source[]): Promise<Observation[]> {
    const waiting = [...targets];
    const found: Observation[] = [];
    const worker = async () => {
      for (let to = waiting.shift(); to !== undefined; to = waiting.shift()) {
        // One after the other, so that no nft reads a host's rules while another changes them.
        for (const source of from(to)) {
          for (const protocol of ["tcp", "udp"] as const) found.push(await this.scan(source, to, protocol));
        }
      }
    };
    await Promise.all(Array.from({ length: SCANS_AT_ONCE }, worker));
    return found;
  }

  private async scan(from: Source, to: Target, protocol: Protocol): Promise<Observation> {
    const passed = await this.passed(from, to, protocol);
    const open = protocol === "tcp" && passed.length > 0 ? await this.open(from, to, passed) : [];
    return { from, to, protocol, passed, open };
  }

  /** Which ports of a target a source's packets get to: one is sent to each, and the target's kernel notes what its filter left. */
  private async passed(from: Source, to: Target, protocol: Protocol): Promise<number[]> {
    let arrived = 0;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const sourcePort = this.sourcePort++;
      const table = `inet port_scan_${sourcePort}`;
      await this.exec(to, ["nft", recorder(table, protocol, from.address, sourcePort)]);
      await this.exec(from, [
        ...["nmap", "-n", "-Pn", "--send-eth", protocol === "tcp" ? "-sS" : "-sU", `-p1-${PORTS}`],
        ...["-g", String(sourcePort), "-T5", "--max-retries", "0", "--min-rate", String(PACKETS_A_SECOND), to.address],
      ]);
      // One command each: nft 1.0.6 crashes when it both reads and deletes.
      const list = "nft --json --numeric list";
      const notes = await this.exec(to, [
        ...["sh", "-euc", `${list} counter ${table} arrived; ${list} set ${table} passed; nft delete table ${table}`],
      ]);
      const [counter, set] = notes.split("\n").map((line) => line && JSON.parse(line).nftables[1]);
      arrived = counter.counter.packets;
      if (arrived === PORTS) return (set.set.elem ?? []).sort((a: number, b: number) => a - b);
    }
    throw new Error(`${from.role} -> ${to.name}: packets to ${arrived} of ${PORTS} ${protocol} ports arrived`);
  }

  /** TCP ports that answer with SYN-ACK, of those that the filter lets through. */
  private async open(from: Source, to: Target, passed: readonly number[]): Promise<number[]> {
    const ports = spans(passed).join(",");
    const report = await this.exec(from, [
      "nmap",
      "-n",
      "-Pn",
      "--send-eth",
      "-sS",
      "-p",
      ports,
      "-oG",
      "-",
      to.address,
    ]);
    return [...report.matchAll(/\b(\d+)\/open\/tcp/g)].map(([, port]) => Number(port)).sort((a, b) => a - b);
  }

  private onMachine(rules: string): Promise<string> {
    return succeed("docker", ["exec", this.scanners.get(undefined)!, "nft", rules]);
  }

  private exec(at: Source, command: readonly string[]): Promise<string> {
    return succeed("docker", ["exec", this.scanners.get(at.container)!, ...command]);
  }
}

/** Rules that note, before and after the packet filter at priority `mangle`, which ports packets of a scan were for. */
function recorder(table: string, protocol: Protocol, source: string, sourcePort: number): string {
  const scan = `ip saddr ${source} ${protocol} sport ${sourcePort}`;
  return `table ${table} {
  set seen { type inet_service; size 65536; flags dynamic; }
  set passed { type inet_service; size 65536; flags dynamic; }
  counter arrived { }
  chain before {
    type filter hook prerouting priority raw; policy accept;
    ${scan} ${protocol} dport != @seen add @seen { ${protocol} dport } counter name arrived
  }
  chain after {
    type filter hook prerouting priority mangle + 1; policy accept;
    ${scan} add @passed { ${protocol} dport }
  }
}
`;
}

/** Ports in ascending order as text, with a range for what is 100 or more without a gap: `["80", "81", "20000-32000"]`. */
export function spans(ports: readonly number[]): string[] {
  const runs: number[][] = [];
  for (const port of ports) {
    const last = runs.at(-1);
    if (last?.at(-1) === port - 1) last.push(port);
    else runs.push([port]);
  }
  return runs.flatMap((run) => (run.length < 100 ? run.map(String) : [`${run[0]}-${run.at(-1)}`]));
}

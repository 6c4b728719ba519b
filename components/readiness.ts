import * as pulumi from "@pulumi/pulumi";
import type { ClusterAccess } from "./cluster-access";
import { readConsul, type ConsulStatus } from "./consul-client";
import { createHostInventory, type Host, type HostInventory, isUp } from "./host-inventory";
import { readNomad, type NomadStatus } from "./nomad-client";
import { reasonOf } from "./reason";

export interface Expectation {
  readonly servers: number;
  /** Fewest workers; every worker that EC2 runs is waited for, however many there are. */
  readonly minWorkers: number;
}

/** What was seen in one look at the cluster. A part that could not be read says why. */
export interface Sighting {
  readonly hosts: readonly Host[] | Error;
  readonly consul: ConsulStatus | Error;
  readonly nomad: NomadStatus | Error;
}

/** What is still missing, in words; empty when the cluster is ready. */
export function missing(expected: Expectation, seen: Sighting): string[] {
  const reasons: string[] = [];
  const { hosts, consul, nomad } = seen;

  if (consul instanceof Error) reasons.push(`Consul does not answer (${reasonOf(consul)})`);
  else if (consul.leader === undefined) reasons.push("Consul has no leader");
  else if (Math.min(consul.peers, consul.healthyServers) < expected.servers)
    reasons.push(`Consul has ${Math.min(consul.peers, consul.healthyServers)} of ${expected.servers} servers`);

  if (nomad instanceof Error) reasons.push(`Nomad does not answer (${reasonOf(nomad)})`);
  else if (nomad.leader === undefined) reasons.push("Nomad has no leader");
  else if (nomad.aliveServers < expected.servers)
    reasons.push(`Nomad has ${nomad.aliveServers} of ${expected.servers} servers`);

  if (hosts instanceof Error) reasons.push(`EC2 does not answer (${reasonOf(hosts)})`);
  else if (!(nomad instanceof Error)) {
    const workers = hosts.filter((host) => host.role === "worker" && isUp(host));
    const ready = workers.filter((host) => nomad.readyWorkers.has(host.privateIp)).length;
    const wanted = Math.max(workers.length, expected.minWorkers);
    if (ready < wanted) reasons.push(`Nomad has ${ready} of ${wanted} workers`);
  }
  return reasons;
}

export interface WaitOptions {
  readonly expected: Expectation;
  readonly timeoutSeconds: number;
  readonly look: () => Promise<Sighting>;
  readonly describeHost: (host: Host) => Promise<string>;
  readonly progress: (message: string) => void;
  /** How to reach the APIs from here, for when they do not answer at all. */
  readonly remedy: string;
  readonly pollMs?: number;
  readonly now?: () => number;
}

const POLL_MS = 1_000;
const PROGRESS_EVERY_MS = 10_000;

/** Returns when the cluster answers; throws, naming each host and what it is at, when it does not in time. */
export async function waitForCluster(options: WaitOptions): Promise<void> {
  const now = options.now ?? Date.now;
  const start = now();
  let reported: { readonly text: string; readonly at: number } | undefined;
  for (;;) {
    const seen = await options.look();
    const reasons = missing(options.expected, seen);
    if (reasons.length === 0) return;

    const elapsed = now() - start;
    if (elapsed >= options.timeoutSeconds * 1_000) throw new pulumi.RunError(await failure(options, seen, reasons));
    const text = reasons.join("; ");
    if (reported?.text !== text || now() - reported.at >= PROGRESS_EVERY_MS) {
      options.progress(`Waiting for the cluster, ${Math.round(elapsed / 1_000)} s: ${text}`);
      reported = { text, at: now() };
    }
    await new Promise((resolve) => setTimeout(resolve, options.pollMs ?? POLL_MS));
  }
}

async function failure(options: WaitOptions, seen: Sighting, reasons: readonly string[]): Promise<string> {
  const hosts = seen.hosts instanceof Error ? [] : seen.hosts;
  const lines = await Promise.all(
    hosts.map(async (host) => {
      const state = isUp(host) ? "" : `EC2 says it is ${host.state}; `;
      return `  ${host.name} (${host.id}, ${host.privateIp}): ${state}${await options.describeHost(host)}`;
    }),
  );
  return [
    `The cluster was not ready after ${options.timeoutSeconds} s: ${reasons.join("; ")}.`,
    ...(lines.length === 0 ? ["EC2 shows no host of it."] : ["Its hosts:", ...lines]),
    options.remedy,
  ].join("\n");
}

export interface ReadinessArgs {
  readonly cluster: string;
  readonly region: string;
  readonly expected: Expectation;
  readonly timeoutSeconds: number;
  readonly access: pulumi.Output<ClusterAccess>;
  /** What else has to exist before it makes sense to look. */
  readonly after: readonly pulumi.Input<string>[];
}

/** Addresses of the APIs, as URLs, that resolve only when the cluster behind them answers. */
export interface ReadyAddresses {
  readonly nomadAddress: pulumi.Output<string>;
  readonly consulAddress: pulumi.Output<string>;
}

/**
 * The gate between "instances exist" and "the cluster answers". Providers do not honour `dependsOn`, so the wait is in the
 * address that they are given. A preview does not wait.
 */
export function readyAddresses(args: ReadinessArgs): ReadyAddresses {
  const known = pulumi.all([args.access, pulumi.all([...args.after])]);
  const ready = pulumi.unsecret(
    known.apply(async ([access]) => {
      if (!pulumi.runtime.isDryRun()) await waitOnAws(args, access);
      return { nomadAddress: access.nomad.address, consulAddress: access.consul.address };
    }),
  );
  return { nomadAddress: ready.nomadAddress, consulAddress: ready.consulAddress };
}

/** What to do when the hosts are well and their APIs cannot be reached from here. */
function remedy({ nomad, consul }: ClusterAccess): string {
  return (
    `It was asked at ${nomad.address} and ${consul.address}. If the hosts are well, this machine cannot reach them: add its ` +
    "address to operatorCidrs, or open the tunnels of the output `commands` and set nomadAddress and consulAddress."
  );
}

async function waitOnAws(args: ReadinessArgs, access: ClusterAccess): Promise<void> {
  const inventory: HostInventory = createHostInventory(args.region, args.cluster);
  const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
  try {
    await waitForCluster({
      expected: args.expected,
      timeoutSeconds: args.timeoutSeconds,
      remedy: remedy(access),
      describeHost: async (host) => (await inventory.lastBootStep(host.id)).words,
      progress: (message) => void pulumi.log.info(message, undefined, undefined, true),
      look: async () => {
        const [hosts, consul, nomad] = await Promise.all([
          inventory.list().catch(asError),
          readConsul(access.consul).catch(asError),
          readNomad(access.nomad).catch(asError),
        ]);
        return { hosts, consul, nomad };
      },
    });
  } finally {
    inventory.close();
  }
}

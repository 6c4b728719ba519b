import * as pulumi from "@pulumi/pulumi";
import type { ClusterAccess } from "./cluster-access";
import { readConsul, type ConsulStatus } from "./consul-client";
import { createHostInventory, describeHosts, type Host, type HostInventory, isUp } from "./host-inventory";
import { readNomad, type NomadStatus } from "./nomad-client";
import { asError, reasonOf } from "./reason";
import { waitWhileMissing } from "./wait";

export interface Expectation {
  readonly servers: number;
  /** Without as many it is no cluster. For the others that EC2 runs it is worth waiting a while. */
  readonly minWorkers: number;
}

/** What was seen in one look at the cluster. A part that could not be read says why. */
export interface Sighting {
  readonly hosts: readonly Host[] | Error;
  readonly consul: ConsulStatus | Error;
  readonly nomad: NomadStatus | Error;
}

/** How long workers beyond the fewest are waited for: one that is well has joined by then. */
const PATIENCE_SECONDS = 60;

/** What is still missing, in words; empty when the cluster can be worked with. */
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
    const { ready, running } = workersOf(hosts, nomad);
    if (ready < expected.minWorkers)
      reasons.push(`Nomad has ${ready} of ${Math.max(running.length, expected.minWorkers)} workers`);
  }
  return reasons;
}

/** Workers that EC2 runs and Nomad does not have. */
export function absentWorkers({ hosts, nomad }: Sighting): readonly Host[] {
  if (hosts instanceof Error || nomad instanceof Error) return [];
  return workersOf(hosts, nomad).absent;
}

function workersOf(hosts: readonly Host[], { readyWorkers }: NomadStatus) {
  const running = hosts.filter((host) => host.role === "worker" && isUp(host));
  const absent = running.filter((host) => !readyWorkers.has(host.privateIp));
  return { running, absent, ready: running.length - absent.length };
}

export interface WaitOptions {
  readonly expected: Expectation;
  readonly timeoutSeconds: number;
  readonly look: () => Promise<Sighting>;
  readonly describeHost: (host: Host) => Promise<string>;
  readonly progress: (message: string) => void;
  /** Told of the workers that it goes on without. */
  readonly warn: (message: string) => void;
  /** How to reach the APIs from here, for when they do not answer at all. */
  readonly remedy: string;
  readonly pollMs?: number;
  readonly now?: () => number;
}

/**
 * Returns when the cluster answers; throws, naming each host and what it is at, when it does not in time. One worker of many that does not
 * come holds up nothing: it is named, and what it was to run finds room elsewhere.
 */
export async function waitForCluster({
  expected,
  look,
  describeHost,
  remedy,
  warn,
  ...rest
}: WaitOptions): Promise<void> {
  const now = rest.now ?? Date.now;
  let hosts: readonly Host[] = [];
  let absent: readonly Host[] = [];
  const end = now() + rest.timeoutSeconds * 1_000;
  let enoughSince: number | undefined;
  await waitWhileMissing({
    ...rest,
    what: "the cluster",
    async look() {
      const seen = await look();
      hosts = seen.hosts instanceof Error ? [] : seen.hosts;
      absent = absentWorkers(seen);
      const reasons = missing(expected, seen);
      if (reasons.length > 0) enoughSince = undefined;
      else enoughSince ??= now();
      if (enoughSince === undefined || absent.length === 0) return reasons;
      if (now() >= Math.min(enoughSince + PATIENCE_SECONDS * 1_000, end)) return [];
      return [`Nomad does not have ${absent.map(({ name, id }) => `${name} (${id})`).join(", ")}`];
    },
    async failure(reasons) {
      const lines = await describeHosts(hosts, describeHost);
      return [
        `The cluster was not ready after ${rest.timeoutSeconds} s: ${reasons}.`,
        ...(lines.length === 0 ? ["EC2 shows no host of it."] : ["Its hosts:", ...lines]),
        remedy,
      ].join("\n");
    },
  });
  if (absent.length > 0) {
    const waited = Math.round((now() - enoughSince!) / 1_000);
    const lines = await describeHosts(absent, describeHost);
    warn([`Going on without workers that have not come after ${waited} s:`, ...lines].join("\n"));
  }
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

/** One look at the cluster, through EC2 and the agents' APIs. */
export async function lookAt(inventory: Pick<HostInventory, "list">, access: ClusterAccess): Promise<Sighting> {
  const [hosts, consul, nomad] = await Promise.all([
    inventory.list().catch(asError),
    readConsul(access.consul).catch(asError),
    readNomad(access.nomad).catch(asError),
  ]);
  return { hosts, consul, nomad };
}

async function waitOnAws(args: ReadinessArgs, access: ClusterAccess): Promise<void> {
  const inventory: HostInventory = createHostInventory(args.region, args.cluster);
  try {
    await waitForCluster({
      expected: args.expected,
      timeoutSeconds: args.timeoutSeconds,
      remedy: remedy(access),
      describeHost: async (host) => (await inventory.lastBootStep(host.id)).words,
      progress: (message) => void pulumi.log.info(message, undefined, undefined, true),
      warn: (message) => void pulumi.log.warn(message),
      look: () => lookAt(inventory, access),
    });
  } finally {
    inventory.close();
  }
}

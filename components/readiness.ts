import * as pulumi from "@pulumi/pulumi";
import type { ApiLoadBalancer } from "./api-load-balancer";
import { CONSUL_HTTPS_PORT, NOMAD_HTTPS_PORT } from "./cluster-firewall";
import type { OperatorCredentials } from "./cluster-secrets";
import { readConsul, type ConsulStatus } from "./consul-client";
import { createHostInventory, type Host, type HostInventory, isUp } from "./host-inventory";
import { readNomad, type NomadStatus } from "./nomad-client";

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

/** The cause at the bottom: `fetch failed` alone says nothing. */
function reasonOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
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
  readonly api: ApiLoadBalancer;
  readonly operator: OperatorCredentials;
  /** Addresses to use instead of the load balancer's: the near ends of tunnels. */
  readonly overrides: { readonly nomad?: string; readonly consul?: string };
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
  const { ca, consulToken, nomadToken } = args.operator;
  const credentials = pulumi.output({ ca, consulToken, nomadToken });
  const known = pulumi.all([args.api.dnsName, credentials, pulumi.all([...args.after])]);
  const ready = pulumi.unsecret(
    known.apply(async ([dnsName, plain]) => {
      const addresses = {
        nomadAddress: args.overrides.nomad ?? `https://${dnsName}:${NOMAD_HTTPS_PORT}`,
        consulAddress: args.overrides.consul ?? `https://${dnsName}:${CONSUL_HTTPS_PORT}`,
      };
      if (!pulumi.runtime.isDryRun()) await waitOnAws(args, addresses, plain);
      return addresses;
    }),
  );
  return { nomadAddress: ready.nomadAddress, consulAddress: ready.consulAddress };
}

/** What to do when the hosts are well and their APIs cannot be reached from here. */
function remedy({ nomadAddress, consulAddress }: PlainAddresses): string {
  return (
    `It was asked at ${nomadAddress} and ${consulAddress}. If the hosts are well, this machine cannot reach them: add its ` +
    "address to operatorCidrs, or open the tunnels of the output `commands` and set nomadAddress and consulAddress."
  );
}

interface PlainAddresses {
  readonly nomadAddress: string;
  readonly consulAddress: string;
}

interface PlainCredentials {
  readonly ca: string;
  readonly consulToken: string;
  readonly nomadToken: string;
}

async function waitOnAws(
  args: ReadinessArgs,
  { nomadAddress, consulAddress }: PlainAddresses,
  { ca, consulToken, nomadToken }: PlainCredentials,
): Promise<void> {
  const inventory: HostInventory = createHostInventory(args.region, args.cluster);
  const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
  try {
    await waitForCluster({
      expected: args.expected,
      timeoutSeconds: args.timeoutSeconds,
      remedy: remedy({ nomadAddress, consulAddress }),
      describeHost: (host) => inventory.lastBootStep(host.id),
      progress: (message) => void pulumi.log.info(message, undefined, undefined, true),
      look: async () => {
        const [hosts, consul, nomad] = await Promise.all([
          inventory.list().catch(asError),
          readConsul({ address: consulAddress, ca, token: consulToken }).catch(asError),
          readNomad({ address: nomadAddress, ca, token: nomadToken }).catch(asError),
        ]);
        return { hosts, consul, nomad };
      },
    });
  } finally {
    inventory.close();
  }
}

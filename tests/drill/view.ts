import { apis, edgeHealth, type Host, hosts, readyWorkers } from "../e2e/cluster-view";
import { onHost } from "../e2e/support";

export interface Allocation {
  readonly ID: string;
  readonly NodeID: string;
  readonly NodeName: string;
  readonly DesiredStatus: string;
  readonly ClientStatus: string;
  readonly JobVersion: number;
}

export async function allocations(job: string): Promise<Allocation[]> {
  const { nomad } = await apis();
  return nomad.get<Allocation[]>(`/v1/job/${job}/allocations`);
}

export const running = async (job: string): Promise<Allocation[]> =>
  (await allocations(job)).filter(
    ({ DesiredStatus, ClientStatus }) => DesiredStatus === "run" && ClientStatus === "running",
  );

/** The worker that a Nomad node is. */
export async function workerOf({ NodeName }: Pick<Allocation, "NodeName">): Promise<Host> {
  const found = (await hosts("worker")).find(({ id }) => NodeName === `worker-${id}`);
  if (found === undefined) throw new Error(`no worker is ${NodeName}`);
  return found;
}

/** Addresses that a service's name has, asked on a host as a program there would ask. */
export async function resolved(name: string, on: Host): Promise<string[]> {
  const answer = await onHost(on.container, `getent ahostsv4 ${name}.service.consul | awk '{print $1}' | sort -u`, 15);
  return answer.trim().split("\n").filter(Boolean);
}

/** Prints a host's time, which is that of the machine: what is between two hosts is measured without the starts of commands. */
export const NOW = "date +%s%3N";

/** When a script on a host has come to its end, in milliseconds since the epoch; fails with what is still so after the limit, in seconds. */
async function momentOf({ container }: Host, script: string, still: string, limit: number): Promise<number> {
  const fail = `{ echo "${still}" >&2; exit 1; }`;
  return Number(await onHost(container, `timeout ${limit} bash -c '${script}' || ${fail}; ${NOW}`, limit + 15));
}

/**
 * Waits until names no longer have an address, asked four times a second on a host as a program there would ask; no answer is not a no. Gives
 * the moment, in milliseconds since the epoch, by that host. One shell does it all: to start another each time keeps the machine busy, and what is
 * measured here late.
 */
export async function outOfDns(names: readonly string[], address: string, on: Host, limit = 30): Promise<number> {
  const ask = `for name in ${names.join(" ")}; do
    until answer=$(getent ahostsv4 $name.service.consul) && ! grep -q "^${address} " <<<"$answer"; do sleep 0.25; done
  done`;
  return momentOf(on, ask, `${address} is still in DNS`, limit);
}

const TRAEFIK_METRICS = "curl --silent --fail --max-time 2 http://127.0.0.1:8081/metrics";
const sendsTo = (address: string): string => `grep -q "^traefik_service_server_up{.*//${address}:.* 1$" <<<"$metrics"`;

/** Throws unless a worker's Traefik sends to an address. */
export async function inTraefik(address: string, on: Host): Promise<void> {
  await onHost(on.container, `metrics=$(${TRAEFIK_METRICS}) && ${sendsTo(address)}`);
}

/** Waits until a worker's Traefik sends nothing more to an address; gives the moment, as above. */
export async function outOfTraefik(address: string, on: Host, limit = 30): Promise<number> {
  const ask = `until metrics=$(${TRAEFIK_METRICS}) && ! ${sendsTo(address)}; do sleep 0.25; done`;
  return momentOf(on, ask, `${address} is still in Traefik`, limit);
}

/** The process of a task, as its worker sees it. */
export async function processOf(job: string, { ID }: Allocation, worker: Host): Promise<string> {
  const name = `$(docker ps --quiet --filter name=^${job}-${ID})`;
  return (await onHost(worker.container, `docker inspect --format '{{.State.Pid}}' ${name}`)).trim();
}

/** Of each app, as `Pulumi.yaml` has it. */
export const INSTANCES = 3;

/** An instance of a service, in Consul's catalog. */
interface Registered {
  readonly Node: { readonly Address: string };
  readonly Service: { readonly Address: string; readonly Port: number };
}

/** The instances of a service that pass their checks. */
export async function passing(service: string): Promise<Registered[]> {
  return (await apis()).consul.get<Registered[]>(`/v1/health/service/${service}?passing`);
}

/** What an app lacks of its instances, not all of them on one worker, and none that is still to go; empty when nothing. */
async function lackOf(job: string): Promise<string> {
  const healthy = (await passing(job)).length;
  const placed = (await allocations(job)).filter(({ ClientStatus }) => ClientStatus === "running");
  const workers = new Set(placed.map(({ NodeName }) => NodeName));
  if (healthy === INSTANCES && placed.length === INSTANCES && workers.size > 1) return "";
  return `of ${job} ${placed.length} run on ${workers.size} workers and ${healthy} pass, not ${INSTANCES}`;
}

/**
 * That so many workers are ready, each behind the load balancer and well, with all instances of the apps. Fails with what is not so, for whoever
 * waits for it to say.
 */
export async function isWell(workers: number): Promise<true> {
  const ready = (await readyWorkers((await apis()).nomad)).length;
  if (ready !== workers) throw new Error(`${ready} workers are ready, not ${workers}`);
  const lacks = (await Promise.all(["frontend", "backend"].map(lackOf))).filter(Boolean);
  if (lacks.length > 0) throw new Error(lacks.join("; "));
  // What the local cloud is asked costs it ten times as much as an agent, of the CPU that hosts which boot are waiting for: so it comes last.
  const edge = Object.values(await edgeHealth());
  if (edge.length !== workers || edge.some((state) => state !== "healthy"))
    throw new Error(`to the load balancer workers are ${edge.join(", ")}, not ${workers} healthy`);
  const live = (await hosts("worker")).length;
  if (live !== workers) throw new Error(`${live} workers run, not ${workers}`);
  return true;
}

/** That as many workers have an instance of each app as the app has instances. */
export async function isSpread(): Promise<boolean> {
  const placed = await Promise.all(["frontend", "backend"].map(running));
  return placed.every((all) => new Set(all.map(({ NodeName }) => NodeName)).size === INSTANCES);
}

/** The server that leads a Raft, by its address. */
export async function leader(program: "consul" | "nomad"): Promise<Host> {
  const address = (await (await apis())[program].get<string>("/v1/status/leader")).replace(/:\d+$/, "");
  const found = (await hosts("server")).find((server) => server.address === address);
  if (found === undefined) throw new Error(`no server is ${address}, which leads ${program}`);
  return found;
}

import { edgeHealth, type Host, hosts, operator, readyWorkers } from "../e2e/cluster-view";
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
  const { nomad } = await operator();
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

/** The process of a task, as its worker sees it. */
export async function processOf(job: string, { ID }: Allocation, worker: Host): Promise<string> {
  const name = `$(docker ps --quiet --filter name=^${job}-${ID})`;
  return (await onHost(worker.container, `docker inspect --format '{{.State.Pid}}' ${name}`)).trim();
}

/** Whether so many workers are ready, each behind the load balancer and well, with all instances of the apps. */
export async function isWell(workers: number, instances = 2): Promise<boolean> {
  const { nomad, consul } = await operator();
  const ready = await readyWorkers(nomad);
  const edge = Object.values(await edgeHealth());
  const passing = await Promise.all(
    ["frontend", "backend"].map((name) => consul.get<unknown[]>(`/v1/health/service/${name}?passing`)),
  );
  return (
    ready.length === workers &&
    edge.length === workers &&
    edge.every((state) => state === "healthy") &&
    passing.every(({ length }) => length === instances)
  );
}

/** The server that leads a Raft, by its address. */
export async function leader(program: "consul" | "nomad"): Promise<Host> {
  const apis = await operator();
  const address = (await apis[program].get<string>("/v1/status/leader")).replace(/:\d+$/, "");
  const found = (await hosts("server")).find((server) => server.address === address);
  if (found === undefined) throw new Error(`no server is ${address}, which leads ${program}`);
  return found;
}

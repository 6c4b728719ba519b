import { paginateGetParametersByPath } from "@aws-sdk/client-ssm";
import { AgentApi } from "../../local/providers/agent";
import { cloud, once } from "./clients";
import { local, onHost, STACK, succeed } from "./support";

export const CLUSTER = `cluster-${STACK}`;

export interface Host {
  readonly id: string;
  readonly role: "server" | "worker" | "bastion";
  readonly name: string;
  readonly address: string;
  readonly container: string;
}

/** Hosts of one role that run. */
export async function hosts(role: Host["role"]): Promise<Host[]> {
  const { ec2 } = await cloud();
  const { Reservations = [] } = await ec2.describeInstances({
    Filters: [
      { Name: "tag:Role", Values: [role] },
      { Name: "instance-state-name", Values: ["running"] },
    ],
  });
  const containers = await succeed("docker", [
    ...["ps", "--no-trunc", "--filter", `label=cluster.local=${STACK}`],
    ...["--format", '{{.Label "cluster.local.instance"}} {{.ID}}'],
  ]);
  const ids = new Map(containers.split("\n").map((line) => line.split(" ") as [string, string]));
  return Reservations.flatMap(({ Instances = [] }) => Instances).map(({ InstanceId, PrivateIpAddress, Tags = [] }) => ({
    ...{ id: InstanceId!, role, address: PrivateIpAddress!, name: Tags.find(({ Key }) => Key === "Name")!.Value! },
    container: ids.get(InstanceId!) ?? "",
  }));
}

export interface Outputs {
  readonly url: string;
  readonly nomadAddress: string;
  readonly consulAddress: string;
  readonly images: { readonly traefik: string; readonly backend: string; readonly frontend: string };
  readonly credentials: { readonly ca: string; readonly consulToken: string; readonly nomadToken: string };
}

export async function outputs(): Promise<Outputs> {
  const { stdout } = await local(["output", "--show-secrets"]);
  return JSON.parse(stdout);
}

/** The APIs, as whoever has the stack's outputs reaches them. */
export async function operator(): Promise<{ url: string; nomad: AgentApi; consul: AgentApi }> {
  const { url, nomadAddress, consulAddress, credentials } = await outputs();
  return {
    url,
    nomad: api(nomadAddress, credentials.ca, { "X-Nomad-Token": credentials.nomadToken }),
    consul: api(consulAddress, credentials.ca, { "X-Consul-Token": credentials.consulToken }),
  };
}

/** As {@link operator}, asked for once: a drill looks many times a second, and must not load the machine that it measures. */
export const apis = once(operator);

/** The page as a new visitor gets it. A connection that stands would outlive a security group's rule, as in EC2. */
export async function page(url: string, seconds = 5): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(seconds * 1000) });
  return { status: response.status, text: await response.text() };
}

export const api = (address: string, ca: string, headers: Record<string, string>): AgentApi =>
  new AgentApi({ base: new URL(address), headers, query: {}, tls: { ca } });

/** Every document in Parameter Store, by the end of its name: `servers/tls`. */
export async function documents(): Promise<Record<string, Record<string, unknown>>> {
  const { ssm } = await cloud();
  const query = { Path: `/${CLUSTER}`, Recursive: true, WithDecryption: true };
  const found: [string, Record<string, unknown>][] = [];
  for await (const { Parameters = [] } of paginateGetParametersByPath({ client: ssm }, query)) {
    for (const { Name, Value } of Parameters) found.push([Name!.replace(`${query.Path}/`, ""), JSON.parse(Value!)]);
  }
  return Object.fromEntries(found);
}

export async function members(consul: AgentApi): Promise<string[]> {
  const nodes = await consul.get<{ Node: string }[]>("/v1/catalog/nodes");
  return nodes.map(({ Node }) => Node).sort();
}

export async function readyWorkers(nomad: AgentApi): Promise<string[]> {
  const nodes = await nomad.get<{ Address: string; Status: string }[]>("/v1/nodes");
  return nodes.filter(({ Status }) => Status === "ready").map(({ Address }) => Address);
}

/** How the users' load balancer finds its targets, by instance id. */
export async function edgeHealth(): Promise<Record<string, string>> {
  const { elb } = await cloud();
  const { TargetGroups = [] } = await elb.describeTargetGroups({});
  const edge = TargetGroups.find(({ Port }) => Port === 8080);
  const { TargetHealthDescriptions = [] } = await elb.describeTargetHealth({ TargetGroupArn: edge?.TargetGroupArn });
  return Object.fromEntries(
    TargetHealthDescriptions.map(({ Target, TargetHealth }) => [Target!.Id!, TargetHealth!.State!]),
  );
}

/** The workers' Auto Scaling group. */
async function group() {
  const { autoscaling } = await cloud();
  const { AutoScalingGroups = [] } = await autoscaling.describeAutoScalingGroups({});
  return { autoscaling, AutoScalingGroupName: AutoScalingGroups[0]!.AutoScalingGroupName! };
}

export async function setDesired(DesiredCapacity: number): Promise<void> {
  const { autoscaling, AutoScalingGroupName } = await group();
  await autoscaling.setDesiredCapacity({ AutoScalingGroupName, DesiredCapacity });
}

/** Keeps alarms from scaling the workers, or lets them again. */
export async function scaling(what: "suspend" | "resume"): Promise<void> {
  const { autoscaling, AutoScalingGroupName } = await group();
  await autoscaling[`${what}Processes`]({ AutoScalingGroupName, ScalingProcesses: ["AlarmNotification"] });
}

/** Runs a script of Node.js inside the container of a task, with the resolver that the container has. */
export async function inTask(job: string, script: string): Promise<string> {
  for (const { container } of await hosts("worker")) {
    const id = (await onHost(container, `docker ps --quiet --filter name=^${job}- | head -n 1`)).trim();
    if (id !== "") return succeed("docker", ["exec", container, "docker", "exec", id, "node", "-e", script]);
  }
  throw new Error(`no worker runs a task of ${job}`);
}

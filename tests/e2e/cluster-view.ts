import { AgentApi } from "../../local/providers/agent";
import { aws, local, onHost, STACK, succeed } from "./support";

export const CLUSTER = `cluster-${STACK}`;

export interface Host {
  readonly id: string;
  readonly role: "server" | "worker" | "bastion";
  readonly name: string;
  readonly address: string;
  readonly container: string;
}

/** Hosts of one role that the AWS API shows as running. */
export async function hosts(role: Host["role"]): Promise<Host[]> {
  const found = await aws(
    ...["ec2", "describe-instances", "--filters", `Name=tag:Role,Values=${role}`],
    ...["Name=instance-state-name,Values=running"],
  );
  const instances = found.Reservations.flatMap((reservation: { Instances: unknown[] }) => reservation.Instances);
  return Promise.all(
    instances.map(
      async (instance: { InstanceId: string; PrivateIpAddress: string; Tags: { Key: string; Value: string }[] }) => ({
        id: instance.InstanceId,
        role,
        name: instance.Tags.find(({ Key }) => Key === "Name")!.Value,
        address: instance.PrivateIpAddress,
        container: (
          await succeed("docker", ["ps", "--quiet", "--filter", `label=cluster.local.instance=${instance.InstanceId}`])
        ).trim(),
      }),
    ),
  );
}

export interface Outputs {
  readonly url: string;
  readonly nomadAddress: string;
  readonly consulAddress: string;
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

/** The page as a new visitor gets it. A connection that stands would outlive a security group's rule, as in EC2. */
export async function page(url: string, seconds = 5): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(seconds * 1000) });
  return { status: response.status, text: await response.text() };
}

export const api = (address: string, ca: string, headers: Record<string, string>): AgentApi =>
  new AgentApi({ base: new URL(address), headers, query: {}, tls: { ca } });

/** Every document in Parameter Store, by the end of its name: `servers/tls`. */
export async function documents(): Promise<Record<string, Record<string, unknown>>> {
  const { Parameters } = await aws(
    ...["ssm", "get-parameters-by-path", "--path", `/${CLUSTER}`, "--recursive", "--with-decryption"],
  );
  return Object.fromEntries(
    (Parameters as { Name: string; Value: string }[]).map(({ Name, Value }) => [
      Name.replace(`/${CLUSTER}/`, ""),
      JSON.parse(Value),
    ]),
  );
}

export async function members(consul: AgentApi): Promise<string[]> {
  const nodes = await consul.get<{ Node: string }[]>("/v1/catalog/nodes");
  return nodes.map(({ Node }) => Node).sort();
}

export async function readyWorkers(nomad: AgentApi): Promise<string[]> {
  const nodes = await nomad.get<{ Address: string; Status: string }[]>("/v1/nodes");
  return nodes.filter(({ Status }) => Status === "ready").map(({ Address }) => Address);
}

export async function edgeHealth(): Promise<Record<string, string>> {
  const { TargetGroups } = await aws("elbv2", "describe-target-groups");
  const edge = TargetGroups.find((group: { Port: number }) => group.Port === 8080);
  const { TargetHealthDescriptions } = await aws(
    ...["elbv2", "describe-target-health", "--target-group-arn", edge.TargetGroupArn],
  );
  return Object.fromEntries(
    TargetHealthDescriptions.map((each: { Target: { Id: string }; TargetHealth: { State: string } }) => [
      each.Target.Id,
      each.TargetHealth.State,
    ]),
  );
}

async function groupName(): Promise<string> {
  const { AutoScalingGroups } = await aws("autoscaling", "describe-auto-scaling-groups");
  return AutoScalingGroups[0].AutoScalingGroupName;
}

export async function setDesired(capacity: number): Promise<void> {
  await aws(
    ...["autoscaling", "set-desired-capacity", "--auto-scaling-group-name", await groupName()],
    ...["--desired-capacity", String(capacity)],
  );
}

/** Keeps alarms from scaling the workers, or lets them again. */
export async function scaling(what: "suspend" | "resume"): Promise<void> {
  await aws(
    ...["autoscaling", `${what}-processes`, "--auto-scaling-group-name", await groupName()],
    ...["--scaling-processes", "AlarmNotification"],
  );
}

/** Runs a script of Node.js inside the container of a task, with the resolver that the container has. */
export async function inTask(job: string, script: string): Promise<string> {
  for (const { container } of await hosts("worker")) {
    const id = (await onHost(container, `docker ps --quiet --filter name=^${job}- | head -n 1`)).trim();
    if (id !== "") return succeed("docker", ["exec", container, "docker", "exec", id, "node", "-e", script]);
  }
  throw new Error(`no worker runs a task of ${job}`);
}

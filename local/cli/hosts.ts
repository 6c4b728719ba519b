import { spawn } from "node:child_process";
import { EC2, type Instance } from "@aws-sdk/client-ec2";
import { execIn } from "../cloud/hypervisor/docker";
import { operator } from "../cloud/sessions";
import { sendSpotNotice } from "../cloud/spot-notices";
import { regionOf } from "../engine";
import { engine } from "../images/docker";
import { AgentApi } from "../providers/agent";
import { columns } from "./columns";
import { runningCloud, secretOutputs } from "./session";

const nameOf = (instance: Instance): string => instance.Tags?.find(({ Key }) => Key === "Name")?.Value ?? "";

async function client(stack: string): Promise<EC2> {
  const { endpoint } = await runningCloud(stack);
  return new EC2({ endpoint, region: regionOf(stack), credentials: operator });
}

async function instances(stack: string): Promise<Instance[]> {
  const ec2 = await client(stack);
  const Filters = [{ Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] }];
  const { Reservations } = await ec2.describeInstances({ Filters });
  const found = (Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
  return found.sort((a, b) => nameOf(a).localeCompare(nameOf(b)) || a.InstanceId!.localeCompare(b.InstanceId!));
}

/** The container of a host, by its instance id or the value of its Name tag. */
async function container(stack: string, host: string): Promise<{ id: string; instance: Instance }> {
  const all = await instances(stack);
  const fitting = all.filter((instance) => instance.InstanceId === host || nameOf(instance) === host);
  const known = all.map((instance) => `${nameOf(instance)} (${instance.InstanceId})`).join(", ");
  if (fitting.length === 0) throw new Error(`no host "${host}"; there are ${known || "none"}`);
  if (fitting.length > 1) {
    const ids = fitting.map(({ InstanceId }) => InstanceId).join(", ");
    throw new Error(`"${host}" is the name of several hosts: say which, ${ids}`);
  }
  const instance = fitting[0]!;
  const filters = { label: [`cluster.local=${stack}`, `cluster.local.instance=${instance.InstanceId}`] };
  const [found] = await engine.listContainers({ filters });
  if (!found) throw new Error(`${host} is ${instance.State?.Name} and has no container that runs`);
  return { id: found.Id, instance };
}

/** Has EC2 give a spot instance its notice. */
export async function spotNotice(stack: string, host: string): Promise<void> {
  const { instance } = await container(stack, host);
  await sendSpotNotice(await client(stack), instance.InstanceId!);
  console.log(`${instance.InstanceId} has two minutes`);
}

/** A shell on a host, or one command; gives its exit code. */
export async function ssh(stack: string, host: string, command: readonly string[]): Promise<number> {
  const { id } = await container(stack, host);
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? "-it" : "-i";
  const what = command.length > 0 ? [...command] : ["bash", "-l"];
  const child = spawn("docker", ["exec", terminal, id, ...what], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** What a host has said: its console, the steps of its boot, and its agents' journal. */
export async function logs(stack: string, host: string): Promise<void> {
  const { id } = await container(stack, host);
  const inside = engine.getContainer(id);
  const said = await inside.logs({ stdout: true, stderr: true, tail: 100 });
  const sections: [string, string][] = [["console", said.toString("utf8")]];
  const commands: [string, string[]][] = [
    ["boot steps", ["cat", "/var/log/cluster-boot.log"]],
    ["cloud-init", ["tail", "-n", "40", "/var/log/cloud-init-output.log"]],
    ["journal of consul and nomad", ["journalctl", "--no-pager", "-n", "200", "-u", "consul", "-u", "nomad"]],
  ];
  for (const [title, command] of commands) {
    sections.push([title, await execIn(inside, command).catch((error: Error) => error.message)]);
  }
  for (const [title, text] of sections) console.log(`==> ${title}\n${text.trimEnd()}\n`);
}

async function section(title: string, rows: () => Promise<string>): Promise<void> {
  console.log(`\n${title}`);
  console.log(await rows().catch((error: Error) => `  not to be had: ${error.message}`));
}

interface Credentials {
  readonly ca: string;
  readonly consulToken: string;
  readonly nomadToken: string;
}

const api = (address: unknown, ca: string, headers: Record<string, string>): AgentApi => {
  if (typeof address !== "string") throw new Error("the stack has no address for it yet; run `up`");
  return new AgentApi({ base: new URL(address), headers, query: {}, tls: { ca } });
};

const memberStates = ["none", "alive", "leaving", "left", "failed"];

/** Hosts, members of both clusters and addresses, as they are now. */
export async function status(stack: string): Promise<void> {
  const { credentials, ...outputs } = await secretOutputs(stack);
  const { ca, consulToken, nomadToken } = (credentials ?? {}) as Credentials;
  const hosts = (await instances(stack)).map((instance) => [
    nameOf(instance),
    instance.InstanceId!,
    instance.State?.Name ?? "",
    instance.PrivateIpAddress ?? "",
    instance.PublicIpAddress ?? "",
    instance.Placement?.AvailabilityZone ?? "",
  ]);
  console.log(columns([["HOST", "INSTANCE", "STATE", "PRIVATE", "PUBLIC", "ZONE"], ...hosts]));
  await section("Consul members", async () => {
    const members = await api(outputs["consulAddress"], ca, { "X-Consul-Token": consulToken }).get<
      { Name: string; Addr: string; Status: number; Tags: { role: string } }[]
    >("/v1/agent/members");
    const rows = members.map(({ Name, Addr, Status, Tags }) => [
      Name,
      Addr,
      Tags.role,
      memberStates[Status] ?? String(Status),
    ]);
    return columns([["NODE", "ADDRESS", "ROLE", "STATUS"], ...rows.sort((a, b) => a[0]!.localeCompare(b[0]!))]);
  });
  await section("Nomad nodes", async () => {
    const nodes = await api(outputs["nomadAddress"], ca, { "X-Nomad-Token": nomadToken }).get<Record<string, string>[]>(
      "/v1/nodes",
    );
    const rows = nodes.map((node) => [node["Name"]!, node["Address"]!, node["NodeClass"] ?? "", node["Status"]!]);
    return columns([["NODE", "ADDRESS", "CLASS", "STATUS"], ...rows.sort((a, b) => a[0]!.localeCompare(b[0]!))]);
  });
  console.log(`\nAWS API  ${(await runningCloud(stack)).endpoint}`);
  for (const [name, value] of Object.entries(outputs)) if (typeof value === "string") console.log(`${name}  ${value}`);
}

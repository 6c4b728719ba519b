import {
  DescribeInstanceAttributeCommand,
  EC2Client,
  GetConsoleOutputCommand,
  type Instance,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import { asError } from "./reason";

/** A host as EC2 sees it. */
export interface Host {
  readonly id: string;
  readonly name: string;
  readonly role: "server" | "worker";
  readonly privateIp: string;
  readonly instanceType: string;
  /** EC2's word for it: `pending`, `running`, `stopping` or `stopped`. */
  readonly state: string;
}

/** Whether it can still become, or is, a part of the cluster. */
export const isUp = ({ state }: Host): boolean => state === "pending" || state === "running";

/** How far a host's boot has come. */
export interface BootProgress {
  /** Whether the host is a member of the cluster yet; `unknown` where the console does not say. */
  readonly state: "unknown" | "booting" | "done";
  readonly words: string;
}

/** EC2, as far as this program waits on hosts. Credentials and endpoint come from the environment, as everywhere in AWS's SDK. */
export interface HostInventory {
  /** Servers and workers of the cluster that exist, by name and address. */
  list(): Promise<Host[]>;
  /** In base64. */
  userDataOf(id: string): Promise<string>;
  /** The last thing a host's boot said about itself. Never throws: it is asked for when things are wrong. */
  lastBootStep(id: string): Promise<BootProgress>;
  close(): void;
}

export function createHostInventory(region: string, cluster: string): HostInventory {
  const client = new EC2Client({ region });
  return {
    async list() {
      const filters = {
        Filters: [
          { Name: "tag:Cluster", Values: [cluster] },
          { Name: "tag:Role", Values: ["server", "worker"] },
          { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
        ],
      };
      const hosts: Host[] = [];
      for await (const { Reservations = [] } of paginateDescribeInstances({ client }, filters))
        hosts.push(...Reservations.flatMap(({ Instances = [] }) => Instances).map(toHost));
      return hosts.sort((a, b) => (`${a.name} ${a.privateIp}` < `${b.name} ${b.privateIp}` ? -1 : 1));
    },
    async userDataOf(InstanceId) {
      const { UserData } = await client.send(
        new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "userData" }),
      );
      return UserData?.Value ?? "";
    },
    async lastBootStep(id) {
      try {
        const { Output = "" } = await client.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
        return describeBoot(Buffer.from(Output, "base64").toString("utf8"));
      } catch (error) {
        return { state: "unknown", words: `its console cannot be read (${asError(error).message})` };
      }
    },
    close: () => client.destroy(),
  };
}

function toHost(instance: Instance): Host {
  const tag = (key: string): string | undefined => instance.Tags?.find(({ Key }) => Key === key)?.Value;
  return {
    id: instance.InstanceId ?? "",
    name: tag("Name") ?? instance.InstanceId ?? "",
    role: tag("Role") === "server" ? "server" : "worker",
    privateIp: instance.PrivateIpAddress ?? "",
    instanceType: instance.InstanceType ?? "",
    state: instance.State?.Name ?? "unknown",
  };
}

/** A line for each host: which it is, what EC2 says when it does not run, and the given words on it. */
export function describeHosts(hosts: readonly Host[], describe: (host: Host) => Promise<string>): Promise<string[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const state = isUp(host) ? "" : `EC2 says it is ${host.state}; `;
      return `  ${host.name} (${host.id}, ${host.privateIp}): ${state}${await describe(host)}`;
    }),
  );
}

/** Reads the last `cluster-boot:` line of a console: `step install-docker: failed (apt-get: no route to host)`. */
export function describeBoot(console: string): BootProgress {
  const lines = [...console.matchAll(/cluster-boot: step=(\S+) state=(\S+)(?: detail="([^"]*)")?/g)];
  const last = lines.at(-1);
  if (last === undefined) return { state: "unknown", words: "its boot has not said anything yet" };
  const [, step, state, detail] = last;
  return {
    state: stateOf(lines.findLast(([, step]) => step === "boot")?.[2]),
    words: `boot step ${step}: ${state === "start" ? "running" : state}${detail ? ` (${detail})` : ""}`,
  };
}

function stateOf(boot: string | undefined): BootProgress["state"] {
  if (boot === undefined) return "unknown";
  return boot === "done" ? "done" : "booting";
}

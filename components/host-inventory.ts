import { EC2Client, GetConsoleOutputCommand, type Instance, paginateDescribeInstances } from "@aws-sdk/client-ec2";

/** A host as EC2 sees it. */
export interface Host {
  readonly id: string;
  readonly name: string;
  readonly role: "server" | "worker";
  readonly privateIp: string;
  /** EC2's word for it: `pending`, `running`, `stopping` or `stopped`. */
  readonly state: string;
}

/** Whether it can still become, or is, a part of the cluster. */
export const isUp = ({ state }: Host): boolean => state === "pending" || state === "running";

/** EC2, as far as the readiness gate needs it. Credentials and endpoint come from the environment, as everywhere in AWS's SDK. */
export interface HostInventory {
  /** Servers and workers of the cluster that exist, by name and address. */
  list(): Promise<Host[]>;
  /** The last thing a host's boot said about itself, in words. Never throws: it is asked for when things are wrong. */
  lastBootStep(id: string): Promise<string>;
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
    async lastBootStep(id) {
      try {
        const { Output = "" } = await client.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
        return describeBoot(Buffer.from(Output, "base64").toString("utf8"));
      } catch (error) {
        return `its console cannot be read (${error instanceof Error ? error.message : String(error)})`;
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
    state: instance.State?.Name ?? "unknown",
  };
}

/** Reads the last `cluster-boot:` line of a console: `step install-docker: failed (apt-get: no route to host)`. */
export function describeBoot(console: string): string {
  const line = console.split(/\r?\n/).findLast((candidate) => candidate.includes("cluster-boot: step="));
  const match = line === undefined ? null : /cluster-boot: step=(\S+) state=(\S+)(?: detail="([^"]*)")?/.exec(line);
  if (match === null) return "its boot has not said anything yet";
  const [, step, state, detail] = match;
  const words = state === "start" ? "running" : state;
  return `boot step ${step}: ${words}${detail ? ` (${detail})` : ""}`;
}

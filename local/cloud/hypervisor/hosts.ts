import type { Instance } from "@aws-sdk/client-ec2";
import type Docker from "dockerode";
import { hostContainerOptions } from "../../images/host-container";
import { STACK_LABEL, isAbsent, loadFilter, removeContainer } from "./docker";
import { type Endpoint, packetFilter } from "./packet-filter";
import type { CloudState } from "./state";

/** Seconds that a host has to shut down in good order before it is cut off; EC2 gives its instances time as well. */
const SHUTDOWN_SECONDS = 100;
const INSTANCE_LABEL = "cluster.local.instance";

export type HostState = "pending" | "running" | "dead" | "absent";

interface Host {
  readonly container: Docker.Container;
  readonly name: string;
  /** In its VPC; of hosts that this process has made. */
  readonly address?: string;
  state: HostState;
  /** The API has said that it is stopped, so that "running" means: start it again. */
  stopped?: boolean;
  /** The packet filter that it has. */
  filter?: string;
  /** A start or a shutdown that is under way. */
  work?: Promise<void>;
}

/** Keeps one container for each instance: a host that boots with systemd from the instance's user data. */
export class Hosts {
  private readonly hosts = new Map<string, Host>();

  constructor(
    private readonly docker: Docker,
    private readonly stack: string,
    private readonly imageName: (imageId: string) => Promise<string>,
    private readonly networkName: (vpcId: string) => string,
    /** Told when a host shut itself down, which EC2 answers by stopping the instance. */
    private readonly onDead: (instanceId: string) => Promise<void>,
    private readonly log: (line: string) => void,
  ) {}

  /** Takes over the hosts that an earlier run of this process left. */
  async start(): Promise<void> {
    const filters = { label: [`${STACK_LABEL}=${this.stack}`, INSTANCE_LABEL] };
    for (const { Id, Names, Labels, State } of await this.docker.listContainers({ all: true, filters })) {
      this.hosts.set(Labels[INSTANCE_LABEL]!, {
        container: this.docker.getContainer(Id),
        name: Names[0]!.slice(1),
        state: State === "running" ? "running" : "dead",
      });
    }
  }

  state(instanceId: string): HostState {
    return this.hosts.get(instanceId)?.state ?? "absent";
  }

  /** The container of a host that runs. */
  running(instanceId: string): Docker.Container | undefined {
    const host = this.hosts.get(instanceId);
    return host?.state === "running" ? host.container : undefined;
  }

  /** What the host wrote to its console, its last 64 KiB as EC2 keeps them. */
  async consoleOutput(instanceId: string): Promise<string> {
    const host = this.hosts.get(instanceId);
    if (host === undefined) return "";
    const output = await host.container.logs({ stdout: true, stderr: true, tail: 2000 });
    return output.toString().slice(-65_536);
  }

  /** Boots hosts of new instances, shuts down those of ended ones, and gives every running one its packet filter. */
  async reconcile(state: CloudState, networkIsReady: (vpcId: string | undefined) => boolean): Promise<void> {
    const started: Promise<void>[] = [];
    for (const instance of state.instances) {
      const host = this.hosts.get(instance.InstanceId!);
      if (wanted(instance) === "running" && networkIsReady(instance.VpcId) && host === undefined) {
        // A network interface that stays goes from one instance to the next, which waits until the one before is down.
        if (!this.isTaken(instance.PrivateIpAddress!)) started.push(this.boot(instance, state));
      } else if (host?.stopped && wanted(instance) === "running") this.startAgain(instance, host);
      else if (host !== undefined && wanted(instance) !== "running") this.shutDown(instance, host);
    }
    for (const [instanceId, host] of this.hosts) {
      const known = state.instances.find(({ InstanceId }) => InstanceId === instanceId);
      if (known === undefined) this.shutDown({ InstanceId: instanceId }, host);
    }
    await Promise.all(started);
    await Promise.all(state.instances.map((instance) => this.filter(instance, state)));
  }

  private isTaken(address: string): boolean {
    return [...this.hosts.values()].some((host) => host.address === address);
  }

  /** Resolves when no host is being started or shut down. */
  async settled(): Promise<void> {
    while (true) {
      const work = [...this.hosts.values()].flatMap((host) => host.work ?? []);
      if (work.length === 0) return;
      await Promise.all(work);
    }
  }

  /** Marks hosts whose container stopped without being told to. */
  async noticeDead(): Promise<void> {
    // Before the engine is asked: a host that starts meanwhile may be missing from its answer.
    const running = [...this.hosts].filter(([, { state, work }]) => state === "running" && work === undefined);
    const filters = { label: [`${STACK_LABEL}=${this.stack}`, INSTANCE_LABEL] };
    const alive = new Set((await this.docker.listContainers({ filters })).map(({ Id }) => Id));
    for (const [instanceId, host] of running) {
      if (alive.has(host.container.id) || host.work !== undefined) continue;
      host.state = "dead";
      this.log(`${instanceId} (${host.name}): the host stopped by itself`);
      await this.onDead(instanceId);
    }
  }

  private async boot(instance: Instance, state: CloudState): Promise<void> {
    const instanceId = instance.InstanceId!;
    const name = hostName(this.stack, tag(instance, "Name") ?? "host", instanceId);
    const image = dockerImage(await this.imageName(instance.ImageId!));
    const labels = { [STACK_LABEL]: this.stack, [INSTANCE_LABEL]: instanceId };
    const network = this.networkName(instance.VpcId!);
    // Its overlay file system is the host's root disk; the host's own Docker cannot lie on that, so it gets a volume.
    await this.docker.createVolume({ Name: dockerVolume(name), Labels: labels });
    const options = hostContainerOptions({ image, dockerVolume: dockerVolume(name) });
    const container = await this.docker.createContainer({
      ...options,
      name,
      Hostname: `ip-${instance.PrivateIpAddress!.replaceAll(".", "-")}`,
      Labels: labels,
      HostConfig: { ...options.HostConfig, NetworkMode: network },
      NetworkingConfig: {
        EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: instance.PrivateIpAddress! } } },
      },
    });
    const host: Host = { container, name, address: instance.PrivateIpAddress!, state: "pending" };
    this.hosts.set(instanceId, host);
    await container.start();
    host.state = "running";
    await this.filter(instance, state);
    this.log(`${instanceId} (${name}): boots ${image} at ${instance.PrivateIpAddress}`);
  }

  private async filter(instance: Instance, state: CloudState): Promise<void> {
    const host = this.hosts.get(instance.InstanceId!);
    if (host?.state !== "running" || host.work !== undefined || wanted(instance) !== "running") return;
    const rules = packetFilter(state, endpointOf(instance));
    if (host.filter === rules) return;
    await loadFilter(host.container, rules);
    host.filter = rules;
  }

  private startAgain(instance: Instance, host: Host): void {
    if (host.work !== undefined) return;
    delete host.stopped;
    delete host.filter;
    this.inBackground(instance, host, async () => {
      await host.container.start();
      host.state = "running";
      this.log(`${instance.InstanceId} (${host.name}): started again`);
    });
  }

  /** Ends a host in the background: in good order first, like EC2, so that what runs on it can say good-bye. */
  private shutDown(instance: Instance, host: Host): void {
    if (host.work !== undefined) return;
    const keep = wanted(instance) === "stopped";
    if (keep) host.stopped = true;
    if (keep && host.state === "dead") return;
    this.inBackground(instance, host, async () => {
      await host.container.stop({ t: SHUTDOWN_SECONDS }).catch(() => undefined);
      if (keep) host.state = "dead";
      else {
        await removeContainer(host.container);
        await this.docker
          .getVolume(dockerVolume(host.name))
          .remove()
          .catch((error: unknown) => {
            if (!isAbsent(error)) throw error;
          });
        this.hosts.delete(instance.InstanceId!);
      }
      this.log(`${instance.InstanceId} (${host.name}): ${keep ? "stopped" : "ended"}`);
    });
  }

  private inBackground(instance: Instance, host: Host, work: () => Promise<void>): void {
    host.work = work()
      .catch((error: unknown) => this.log(`${instance.InstanceId}: ${String(error)}`))
      .finally(() => {
        delete host.work;
      });
  }
}

/** `<stack>-server-1-3fe1a`: an instance's Name with the stack in front, once, and the end of its id. */
export function hostName(stack: string, nameTag: string, instanceId: string): string {
  const own = nameTag.includes(`${stack}-`) ? nameTag.slice(nameTag.indexOf(`${stack}-`)) : `${stack}-${nameTag}`;
  return `${own}-${instanceId.slice(-5)}`.replace(/[^A-Za-z0-9_.-]/g, "-");
}

function dockerVolume(hostName: string): string {
  return `${hostName}-docker`;
}

function wanted(instance: Instance): "running" | "stopped" | "gone" {
  switch (instance.State?.Name) {
    case "pending":
    case "running":
      return "running";
    case "stopping":
    case "stopped":
      return "stopped";
    default:
      return "gone";
  }
}

function tag(instance: Instance, key: string): string | undefined {
  return instance.Tags?.find(({ Key }) => Key === key)?.Value;
}

export function endpointOf(instance: Instance): Endpoint {
  // moto shows the groups of an instance that asked for a public address on its interface only.
  const groups = [
    ...(instance.SecurityGroups ?? []),
    ...(instance.NetworkInterfaces ?? []).flatMap(({ Groups }) => Groups ?? []),
  ];
  return {
    vpcId: instance.VpcId!,
    subnetId: instance.SubnetId!,
    groupIds: groups.map(({ GroupId }) => GroupId!),
    hasPublicAddress: Boolean(instance.PublicIpAddress),
  };
}

/** The Docker image that stands for a machine image, by the machine image's name. */
export function dockerImage(imageName: string): string {
  if (imageName.startsWith("debian-12-")) return "cluster-local/debian:12";
  if (imageName.startsWith("cluster-host-")) return "cluster-local/host";
  // One that somebody has built on this machine and registered under its own name.
  if (imageName.startsWith("cluster-local/")) return imageName;
  throw new Error(
    `machine image "${imageName}": no image of that name boots here; use Debian 12 (debian-12-*), cluster-host-* or cluster-local/*`,
  );
}

import type Docker from "dockerode";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { TargetHealth, Traffic } from "../types";
import { toNumber } from "./addresses";
import { STACK_LABEL, execIn, loadFilter, removeContainer } from "./docker";
import { STATE_FILE, STATS_PORT, certificateFile, checksName, haproxyConfig, serverName } from "./haproxy-config";
import { packetFilter } from "./packet-filter";
import { parseStats, TrafficCount } from "./proxy-stats";
import type { CloudState, TargetGroupState } from "./state";

const IMAGE = "cluster-local/haproxy";
const CONFIG = "/run/haproxy.cfg";
const ARN_LABEL = "cluster.local.load-balancer";
const OUTSIDE_LABEL = "cluster.local.outside";

interface Proxy {
  readonly container: Docker.Container;
  /** Address in the VPC. */
  readonly address: string;
  /** The listeners' ports, which are published. */
  readonly ports: string;
  readonly traffic: TrafficCount;
  config?: string;
  filter?: string;
}

/** What a health check has last said of a target. */
interface Observation {
  readonly since: number;
  everHealthy: boolean;
  up: boolean;
  detail: string;
}

/** Keeps an HAProxy in a container for each load balancer, and knows what its health checks say. */
export class LoadBalancers {
  private readonly proxies = new Map<string, Proxy>();
  /** Loopback addresses by load balancer; they stay the same while the cloud lives. */
  private readonly outside = new Map<string, string>();
  private readonly observations = new Map<string, Observation>();
  private groups: readonly TargetGroupState[] = [];

  constructor(
    private readonly docker: Docker,
    private readonly stack: string,
    private readonly networkName: (vpcId: string) => string,
    private readonly log: (line: string) => void,
  ) {}

  /** Ends the proxies that an earlier run of this process left, keeping the addresses under which they were known. */
  async start(): Promise<void> {
    const filters = { label: [`${STACK_LABEL}=${this.stack}`, ARN_LABEL] };
    for (const { Id, Labels } of await this.docker.listContainers({ all: true, filters })) {
      this.outside.set(Labels[ARN_LABEL]!, Labels[OUTSIDE_LABEL]!);
      await removeContainer(this.docker.getContainer(Id));
    }
  }

  /** The loopback address of the machine under which a load balancer is reached from outside, on its listeners' ports. */
  address(arn: string): string {
    const known = this.outside.get(arn);
    if (known !== undefined) return known;
    const [high, low] = createHash("sha256").update(this.stack).digest();
    const taken = new Set(this.outside.values());
    for (let last = 1; last < 255; last++) {
      const address = `127.${64 + (high! % 128)}.${low}.${last}`;
      if (taken.has(address)) continue;
      this.outside.set(arn, address);
      return address;
    }
    throw new Error("load balancers: more than 254 in one stack; delete some");
  }

  async reconcile(state: CloudState, networkIsReady: (vpcId: string | undefined) => boolean): Promise<void> {
    this.groups = state.targetGroups;
    for (const [arn, proxy] of this.proxies) {
      const balancer = state.loadBalancers.find(({ LoadBalancerArn }) => LoadBalancerArn === arn);
      if (balancer !== undefined && portsOf(balancer.listeners) === proxy.ports) continue;
      await removeContainer(proxy.container);
      this.proxies.delete(arn);
      if (balancer === undefined) this.outside.delete(arn);
    }
    for (const balancer of state.loadBalancers) {
      if (!networkIsReady(balancer.VpcId) || balancer.listeners.length === 0) continue;
      await this.serve(balancer, state);
    }
  }

  /** Asks every proxy what its health checks say. */
  async observe(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => this.observeProxy(proxy)));
  }

  /** Health in the words of ELBv2's DescribeTargetHealth. */
  health(targetGroupArn: string): TargetHealth[] {
    const group = this.groups.find(({ TargetGroupArn }) => TargetGroupArn === targetGroupArn);
    if (group === undefined) return [];
    return group.targets.map(({ id, port }) => {
      const target = { targetId: id, port };
      if ((group.LoadBalancerArns ?? []).length === 0) {
        return { ...target, state: "unused", reason: "Target.NotInUse", description: "Target group is not in use" };
      }
      const seen = this.observations.get(`${checksName(targetGroupArn)}/${serverName({ id, port })}`);
      if (seen?.up) return { ...target, state: "healthy" };
      const grace = (group.HealthCheckIntervalSeconds ?? 30) * (group.UnhealthyThresholdCount ?? 2) * 1000;
      if (seen === undefined || (!seen.everHealthy && Date.now() - seen.since < grace)) {
        return {
          ...target,
          state: "initial",
          reason: "Elb.InitialHealthChecking",
          description: "Initial health checks in progress",
        };
      }
      return { ...target, state: "unhealthy", reason: "Target.FailedHealthChecks", description: seen.detail };
    });
  }

  /** What the load balancer for HTTP of that ARN has counted. */
  traffic(arn: string): Traffic | undefined {
    return arn.includes(":loadbalancer/app/") ? this.proxies.get(arn)?.traffic.total : undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.proxies.values()].map(({ container }) => removeContainer(container)));
    this.proxies.clear();
  }

  private async serve(balancer: CloudState["loadBalancers"][number], state: CloudState): Promise<void> {
    const arn = balancer.LoadBalancerArn!;
    const description = `ELB ${arn.split("loadbalancer/")[1]}`;
    // AWS answers at an address in each subnet; one proxy at the first of them does here.
    const eni = state.interfaces
      .filter(({ Description }) => Description === description)
      .sort((a, b) => toNumber(a.PrivateIpAddress!) - toNumber(b.PrivateIpAddress!))[0];
    if (eni === undefined) return;
    const proxy = this.proxies.get(arn) ?? (await this.create(balancer, eni.PrivateIpAddress!));
    const filter = packetFilter(state, {
      vpcId: balancer.VpcId!,
      subnetId: eni.SubnetId!,
      groupIds: balancer.SecurityGroups?.length ? balancer.SecurityGroups : undefined,
      hasPublicAddress: balancer.Scheme === "internet-facing",
    });
    if (proxy.filter !== filter) await loadFilter(proxy.container, filter);
    proxy.filter = filter;

    const config = haproxyConfig({
      type: balancer.Type === "network" ? "network" : "application",
      attributes: balancer.attributes,
      listeners: balancer.listeners,
      targetGroups: state.targetGroups.filter(({ LoadBalancerArns }) => LoadBalancerArns?.includes(arn)),
      addressOf: (targetId) => {
        const instance = state.instances.find(({ InstanceId }) => InstanceId === targetId);
        return instance?.State?.Name === "running" ? instance.PrivateIpAddress : undefined;
      },
    });
    if (proxy.config === config) return;
    for (const { tls } of balancer.listeners) {
      if (tls) await execIn(proxy.container, ["sh", "-c", `umask 077; cat > ${certificateFile(tls)}`], tls.pem);
    }
    await this.configure(proxy, config);
  }

  private async create(balancer: CloudState["loadBalancers"][number], address: string): Promise<Proxy> {
    const arn = balancer.LoadBalancerArn!;
    const outside = this.address(arn);
    const ports = balancer.listeners.map(({ Port }) => `${Port}/tcp`);
    const network = this.networkName(balancer.VpcId!);
    const container = await this.docker.createContainer({
      name: `${this.stack}-elb-${balancer.LoadBalancerName}`,
      Image: IMAGE,
      Labels: { [STACK_LABEL]: this.stack, [ARN_LABEL]: arn, [OUTSIDE_LABEL]: outside },
      Entrypoint: ["sh", "-c", `until [ -s ${CONFIG} ]; do sleep 0.05; done; exec haproxy -W -db -f ${CONFIG}`],
      ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
      HostConfig: {
        NetworkMode: network,
        CapAdd: ["NET_ADMIN"],
        RestartPolicy: { Name: "unless-stopped" },
        PortBindings: Object.fromEntries(
          ports.map((port) => [port, [{ HostIp: outside, HostPort: port.split("/")[0]! }]]),
        ),
      },
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
    });
    await container.start();
    const proxy: Proxy = { container, address, ports: portsOf(balancer.listeners), traffic: new TrafficCount() };
    this.proxies.set(arn, proxy);
    this.log(`${balancer.LoadBalancerName}: load balancer at ${outside}, ports ${ports.join(" ")}`);
    return proxy;
  }

  /** Hands over to a new configuration without dropping a connection, and without forgetting what is healthy. */
  private async configure(proxy: Proxy, config: string): Promise<void> {
    const running = proxy.config !== undefined;
    const states = running ? await command(proxy.address, "show servers state") : "1\n";
    await execIn(
      proxy.container,
      ["sh", "-c", `mkdir -p /var/lib/haproxy; cat > ${STATE_FILE}`],
      withNewServers(states, config),
    );
    await execIn(proxy.container, ["sh", "-c", `cat > ${CONFIG}.new && mv ${CONFIG}.new ${CONFIG}`], config);
    // The master process of HAProxy reloads on SIGUSR2 and lets the old worker finish what it serves.
    if (running) await proxy.container.kill({ signal: "SIGUSR2" });
    proxy.config = config;
  }

  private async observeProxy(proxy: Proxy): Promise<void> {
    const stat = await command(proxy.address, "show stat").catch(() => "");
    const rows = parseStats(stat);
    proxy.traffic.observe(rows);
    for (const { pxname, svname, status, last_chk } of rows) {
      if (svname === "FRONTEND" || svname === "BACKEND") continue;
      const key = `${pxname}/${svname}`;
      const up = status.startsWith("UP");
      const seen = this.observations.get(key) ?? { since: Date.now(), everHealthy: false, up: false, detail: "" };
      this.observations.set(key, { ...seen, up, everHealthy: seen.everHealthy || up, detail: last_chk });
    }
  }
}

function portsOf(listeners: readonly { Port?: number }[]): string {
  return listeners
    .map(({ Port }) => Port)
    .sort()
    .join(",");
}

/**
 * HAProxy takes a server that it does not know for healthy; a load balancer of AWS does not. So the state file that
 * the new process reads gets a line "down" for each server that the old one did not have.
 * Format: HAProxy management guide 2.6, section 9.3, "show servers state".
 */
export function withNewServers(states: string, config: string): string {
  const known = new Set(states.split("\n").map((line) => line.split(" ").slice(1, 4).join(" ")));
  const lines: string[] = [];
  let backend = "";
  for (const line of config.split("\n")) {
    if (line.startsWith("backend ")) backend = line.slice("backend ".length);
    const [, name, address, port] = /^ {2}server (\S+) ([\d.]+):(\d+) check/.exec(line) ?? [];
    if (name === undefined || [...known].some((entry) => entry.startsWith(`${backend} `) && entry.endsWith(` ${name}`)))
      continue;
    lines.push(`1 ${backend} 1 ${name} ${address} 0 0 1 1 0 1 0 0 14 0 0 0 - ${port} - 0 0 - - 0`);
  }
  const head = states.trim() === "1" ? `1\n# ${STATE_COLUMNS}\n` : `${states.trimEnd()}\n`;
  return head + lines.map((line) => `${line}\n`).join("");
}

const STATE_COLUMNS =
  "be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight " +
  "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state " +
  "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr " +
  "srv_agent_addr srv_agent_port";

/** One command of HAProxy's runtime API. */
async function command(address: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: STATS_PORT, timeout: 2000 });
    let answer = "";
    socket.on("connect", () => socket.write(`${line}\n`));
    socket.on("data", (chunk) => (answer += chunk.toString()));
    socket.on("end", () => resolve(answer));
    socket.on("timeout", () => socket.destroy(new Error(`${address}: no answer from the load balancer in 2 s`)));
    socket.on("error", reject);
  });
}

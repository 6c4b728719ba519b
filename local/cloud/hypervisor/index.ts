import Docker from "dockerode";
import { hostname } from "node:os";
import type { Hypervisor, HypervisorSettings } from "../types";
import { hopLimits, loadRules } from "./hop-limits";
import { Hosts } from "./hosts";
import { LoadBalancers } from "./load-balancers";
import { Networks } from "./networks";
import { StateReader, type CloudState } from "./state";
import { Volumes } from "./volumes";

/** How often hosts and health checks are looked at, and how often the API's state is read without being asked to. */
const TICK_MS = 1000;
const TICKS_PER_READ = 10;

/** Loop devices are the machine's, and each names its file as the container that made it saw it: so the stack is in it. */
const volumeFolder = (stack: string) => `/var/lib/cloud/volumes/${stack}`;

/**
 * Turns what the AWS API says there is into things that run: VPCs into networks, instances into hosts, security groups
 * into packet filters, volumes into disks, load balancers into proxies. It reads the state and reconciles, over and
 * over, one pass at a time.
 */
export async function startHypervisor(settings: HypervisorSettings): Promise<Hypervisor> {
  const { stack, region, endpoint, certificates, log } = settings;
  const docker = new Docker();
  const reader = new StateReader(endpoint, region, certificates);
  const networks = new Networks(docker, stack, hostname(), settings.onNetwork, log);
  const networkName = (vpcId: string) => networks.name(vpcId);
  const networkIsReady = (vpcId: string | undefined) => networks.isReady(vpcId);
  const hosts = new Hosts(
    docker,
    stack,
    (imageId) => reader.imageName(imageId),
    networkName,
    (instanceId) => reader.stop(instanceId),
    log,
  );
  const balancers = new LoadBalancers(docker, stack, networkName, log);
  const volumes = new Volumes(volumeFolder(stack), log);
  await Promise.all([hosts.start(), balancers.start(), volumes.start()]);

  let state: CloudState | undefined;
  let limits = "";
  const pass = async () => {
    const seen = await reader.read();
    state = seen;
    await networks.reconcile(seen).catch(report("networks"));
    const wanted = hopLimits(seen);
    if (wanted !== limits) await loadRules(wanted).catch(report("hop limits"));
    limits = wanted;
    await Promise.all([
      hosts.reconcile(seen, networkIsReady).catch(report("hosts")),
      balancers.reconcile(seen, networkIsReady).catch(report("load balancers")),
    ]);
    await volumes.reconcile(seen.volumes, (instanceId) => hosts.running(instanceId)).catch(report("volumes"));
  };
  const report = (part: string) => (error: unknown) =>
    log(`${part}: ${error instanceof Error ? error.message : String(error)}`);

  let current: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  /** A pass that begins after this call; calls made while one waits share it. */
  const nextPass = (): Promise<void> => {
    queued ??= current.then(() => {
      queued = undefined;
      current = pass().catch(report("state"));
      return current;
    });
    return queued;
  };

  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks % TICKS_PER_READ === 0) void nextPass();
    void hosts.noticeDead().catch(report("hosts"));
    void balancers.observe().catch(report("load balancers"));
  }, TICK_MS);

  return {
    poke: () => void nextPass(),
    settle: async () => {
      await nextPass();
      await hosts.settled();
      // What has ended by now may have held a volume or a network back.
      await nextPass();
    },
    // A host may ask while Docker still reports it as starting.
    instanceAt: (address) =>
      state?.instances.find(
        ({ InstanceId, PrivateIpAddress }) =>
          PrivateIpAddress === address && ["pending", "running"].includes(hosts.state(InstanceId!)),
      )?.InstanceId,
    hostState: (instanceId) => hosts.state(instanceId),
    consoleOutput: (instanceId) => hosts.consoleOutput(instanceId),
    targetHealth: (targetGroupArn) => balancers.health(targetGroupArn),
    loadBalancerAddress: (arn) => balancers.address(arn),
    traffic: (arn) => balancers.traffic(arn),
    stop: async () => {
      clearInterval(timer);
      await current;
      // The state ends with this process; loop devices would outlive it.
      await volumes.stop();
    },
  };
}

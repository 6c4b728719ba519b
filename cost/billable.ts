import { alarms } from "../components/alarms";
import { dashboardBody } from "../components/dashboard";
import { ENDPOINT_SERVICES } from "../components/network";
import type { StackConfig } from "../config";
import { secretDocuments } from "../hosts/secrets";

/** What a stack has that AWS bills, by its own configuration. `tests/program` holds it against what the program registers. */
export interface Billable {
  /** Instances that no group starts: servers and bastion. */
  readonly hosts: readonly HostBill[];
  readonly pools: readonly PoolBill[];
  /** GiB of disks whose size is configured: data volumes, and workers' root disks. */
  readonly sizedGiB: number;
  /** Root disks as large as their image. */
  readonly imageDisks: number;
  readonly natGateways: number;
  readonly applicationLoadBalancers: number;
  readonly networkLoadBalancers: number;
  /** Public IPv4 addresses: a load balancer that faces the internet has one in each zone. */
  readonly publicAddresses: number;
  /** Interface endpoints, each counted once a zone. */
  readonly endpoints: number;
  /** The cluster's own in CloudWatch. */
  readonly metrics: number;
  /** Metrics that alarms look at, those of scaling policies included. */
  readonly alarmMetrics: number;
  readonly dashboards: number;
  readonly flowLogs: number;
  readonly keys: number;
  readonly buckets: number;
  readonly repositories: number;
  /** Encrypted parameters that all hosts together read each minute. */
  readonly secretReads: number;
}

export interface HostBill {
  readonly role: "server" | "bastion";
  readonly type: string;
  readonly count: number;
}

export interface PoolBill {
  readonly name: string;
  /** The first of its types: which AWS gives is not known before. */
  readonly type: string;
  /** How many at first. */
  readonly workers: number;
  readonly spotPercent: number;
}

/** A target tracking policy has one alarm for growing and one for shrinking. */
const ALARMS_OF_A_POLICY = 2;
const SERVICES = ["traefik", "frontend", "backend"];

export function billable(config: StackConfig): Billable {
  const { zones, serverCount, bastion, workerPools } = config;
  const natGateways = { none: 0, single: 1, "per-zone": zones }[config.natGateways];
  const apiIsPublic = config.operatorCidrs.length > 0;
  const pools = workerPools.map(({ name, desired, spotPercent, instanceTypes }) => ({
    ...{ name, type: instanceTypes[0]!, workers: desired, spotPercent },
  }));
  const workers = sum(pools.map((pool) => pool.workers));
  const bastions = bastion.enabled ? 1 : 0;
  return {
    hosts: [
      { role: "server", type: config.serverInstanceType, count: serverCount },
      ...(bastion.enabled ? [{ role: "bastion" as const, type: bastion.instanceType, count: 1 }] : []),
    ],
    pools,
    sizedGiB: serverCount * config.serverVolumeGiB + workers * config.workerVolumeGiB,
    imageDisks: serverCount + bastions,
    natGateways,
    applicationLoadBalancers: 1,
    networkLoadBalancers: 1,
    publicAddresses: natGateways + zones + (apiIsPublic ? zones : 0) + bastions,
    endpoints: config.natGateways === "none" ? ENDPOINT_SERVICES.length * zones : 0,
    ...(config.monitoring ? watched(config) : { metrics: 0, alarmMetrics: 0, dashboards: 0 }),
    flowLogs: config.flowLogs ? 1 : 0,
    keys: config.ownEncryptionKey ? 1 : 0,
    buckets: 1,
    repositories: [config.traefik, config.backend, config.frontend].filter(({ image }) => image === undefined).length,
    secretReads: serverCount * secretDocuments.servers.length + workers * secretDocuments.workers.length,
  };
}

function watched(config: StackConfig): Pick<Billable, "metrics" | "alarmMetrics" | "dashboards"> {
  const args = {
    ...{
      cluster: config.cluster,
      region: config.region,
      servers: config.serverCount,
      services: SERVICES,
      alarmArns: [],
    },
    ...{ backupMinutes: config.backups.everyMinutes, loadBalancer: "edge", targetGroup: "edge" },
    pools: config.workerPools.map((pool) => ({ ...pool, group: pool.name })),
  };
  const scaled = config.workerPools.filter(({ needPercent, min, max }) => needPercent > 0 && min < max).length;
  const conditions = Object.values(alarms(args)).map(({ condition }) => condition);
  return {
    metrics: ownMetrics(dashboardBody(args), config.cluster),
    alarmMetrics: sum(conditions.map(metricsOfAlarm)) + scaled * ALARMS_OF_A_POLICY,
    dashboards: 1,
  };
}

/** How many metrics of the cluster's own a dashboard shows, which is all that there are. */
export function ownMetrics(body: string, cluster: string): number {
  const { widgets } = JSON.parse(body) as { widgets: { properties: { metrics?: unknown[][] } }[] };
  const own = widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .filter(([namespace]) => namespace === cluster)
    .map((line) => line.filter((part) => typeof part === "string").join(" "));
  return new Set(own).size;
}

/** An alarm on an expression is billed for each metric in it. */
export function metricsOfAlarm({ metricQueries }: { readonly metricQueries?: unknown }): number {
  if (metricQueries === undefined) return 1;
  return (metricQueries as readonly { readonly metric?: unknown }[]).filter(({ metric }) => metric !== undefined)
    .length;
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

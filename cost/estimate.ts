import { DEBIAN_12 } from "../components/machine-image";
import type { StackConfig } from "../config";
import { ASSUMPTIONS, type Assumptions, DAYS, HOURS, MINUTES } from "./assumptions";
import { type Billable, billable, sum } from "./billable";
import { instanceHour } from "./instance-prices";
import { type Item, PRICES } from "./prices";
import { pricedRegion, type Region } from "./regions";

/** Lines that belong together, in the order in which they are shown. */
export const GROUPS = [
  ...["Instances", "NAT gateways", "Load balancers", "Public IPv4", "Disks", "Monitoring", "Logs", "Endpoints"],
  ...["Data transfer", "Keys and storage"],
] as const;
export type Group = (typeof GROUPS)[number];

/** One line of the bill for a month of 730 hours. */
export interface Line {
  readonly group: Group;
  readonly what: string;
  readonly quantity: number;
  readonly unit: string;
  /** Of one unit. */
  readonly usd: number;
  /** Rounded to cents, so that shown lines add up to the shown total. */
  readonly monthly: number;
}

export interface Estimate {
  readonly region: Region;
  readonly lines: readonly Line[];
  readonly total: number;
}

/**
 * What a stack costs a month, by list prices, with each pool at its first size. Throws `UnknownPrice` when the region or an instance type
 * has none.
 */
export function estimate(config: StackConfig, assumed: Assumptions = ASSUMPTIONS): Estimate {
  const region = pricedRegion(config.region);
  const bill = billable(config);
  const usage = usageOf(config, bill, assumed);
  const at = (group: Group, what: string, quantity: number, unit: string, usd: number): Line => ({
    ...{ group, what, quantity, unit, usd, monthly: cents(quantity * usd) },
  });
  const line = (group: Group, what: string, quantity: number, item: Item): Line =>
    at(group, what, quantity, unitOf(item), PRICES[item][region].usd);
  const each = (group: Group, what: string, count: number, item: Item): Line =>
    line(group, `${what}: ${count}`, count * HOURS, item);

  const lines = [
    ...instanceHours(bill, region, assumed).map(({ what, hours, usd }) => at("Instances", what, hours, "hours", usd)),
    each("NAT gateways", "gateways", bill.natGateways, "natGatewayHour"),
    line("NAT gateways", "data through them", bill.natGateways > 0 ? usage.awayGB : 0, "natGatewayGB"),
    each("Load balancers", "application, for users", bill.applicationLoadBalancers, "albHour"),
    line("Load balancers", "its capacity units", usage.albUnitHours, "albUnitHour"),
    each("Load balancers", "network, for the APIs", bill.networkLoadBalancers, "nlbHour"),
    line("Load balancers", "its capacity units", assumed.operatorGBAMonth, "nlbUnitHour"),
    each("Public IPv4", "addresses", bill.publicAddresses, "publicAddressHour"),
    line("Disks", "gp3", bill.sizedGiB + bill.imageDisks * assumed.imageGiB, "diskGBMonth"),
    line("Monitoring", "metrics", bill.metrics, "metricMonth"),
    line("Monitoring", "metrics in alarms", bill.alarmMetrics, "alarmMetricMonth"),
    line("Monitoring", "dashboards", bill.dashboards, "dashboardMonth"),
    line("Monitoring", "reports of hosts", config.monitoring ? usage.hosts * MINUTES : 0, "metricRequest"),
    line("Logs", "of agents and jobs, taken in", usage.logGB, "logGB"),
    line("Logs", "flow logs, taken in", usage.flowLogGB, "vendedLogGB"),
    line("Logs", "kept", usage.storedLogGB, "logGBMonth"),
    each("Endpoints", "in the VPC, by zone", bill.endpoints, "endpointHour"),
    line("Endpoints", "data through them", bill.endpoints > 0 ? usage.awayGB : 0, "endpointGB"),
    line("Data transfer", "to the internet", usage.internetGB, "internetGB"),
    line("Data transfer", "between zones, billed at both ends", usage.zonesGB, "zonesGB"),
    line("Keys and storage", "encryption key", bill.keys, "keyMonth"),
    line("Keys and storage", "uses of keys, to read secrets", bill.secretReads * MINUTES, "keyRequest"),
    line("Keys and storage", "backups", bill.buckets * usage.backupGB, "objectGBMonth"),
    line("Keys and storage", "requests for backups", bill.buckets * usage.backupRequests, "objectRequest"),
    line("Keys and storage", "images", bill.repositories * assumed.repositoryGB, "imageGBMonth"),
  ].filter(({ quantity }) => quantity > 0);
  return { region, lines, total: cents(sum(lines.map(({ monthly }) => monthly))) };
}

/** Sums of the lines by group, in the groups' order. */
export function byGroup({ lines }: Estimate): Readonly<Record<string, number>> {
  const present = GROUPS.filter((group) => lines.some((line) => line.group === group));
  const of = (group: Group) => lines.filter((line) => line.group === group).map(({ monthly }) => monthly);
  return Object.fromEntries(present.map((group) => [group, cents(sum(of(group)))]));
}

export const cents = (usd: number): number => Math.round(usd * 100) / 100;

function unitOf(item: Item): string {
  const endings = { Hour: "hours", GBMonth: "GB", GB: "GB", Request: "requests" };
  return Object.entries(endings).find(([ending]) => item.endsWith(ending))?.[1] ?? "";
}

interface InstanceHours {
  readonly what: string;
  readonly hours: number;
  readonly usd: number;
}

function instanceHours({ hosts, pools }: Billable, region: Region, { spotShare }: Assumptions): InstanceHours[] {
  const fixed = hosts.map(({ role, type, count }) => ({
    ...{ what: `${role}, ${type}: ${count}`, hours: count * HOURS, usd: instanceHour(type, region) },
  }));
  const pooled = pools.flatMap(({ name, type, workers, spotPercent }) => {
    const usd = instanceHour(type, region);
    const spot = (workers * HOURS * spotPercent) / 100;
    return [
      { what: `pool ${name}, ${type}, on demand`, hours: workers * HOURS - spot, usd },
      { what: `pool ${name}, ${type}, spot`, hours: spot, usd: usd * spotShare },
    ];
  });
  return [...fixed, ...pooled];
}

/** What traffic and time make of it in a month. */
function usageOf(config: StackConfig, { pools }: Billable, assumed: Assumptions) {
  const hosts = config.serverCount + sum(pools.map(({ workers }) => workers));
  const requests = assumed.requestsASecond * HOURS * 3600;
  const logGB = (requests * assumed.logBytesARequest) / 1e9 + (hosts * DAYS * assumed.logMBADayAHost) / 1e3;
  const flowLogGB = config.flowLogs
    ? (requests * assumed.flowLogBytesARequest) / 1e9 + (hosts * DAYS * assumed.flowLogMBADayAHost) / 1e3
    : 0;
  const calls = 1 + (config.monitoring ? 1 : 0) + assumed.logCallsAMinuteAHost;
  const callGB = (hosts * MINUTES * calls * assumed.apiCallKB) / 1e6;
  const bootGB =
    config.hostImage.owner === DEBIAN_12.owner && config.natGateways !== "none"
      ? (hosts * assumed.bootsAMonthAHost * assumed.bootMB) / 1e3
      : 0;
  const awayGB = logGB + callGB + bootGB;
  const crossing = (config.zones - 1) / config.zones;
  const insideGB =
    (requests * (assumed.answerBytes + assumed.requestBytes + assumed.backendBytes)) / 1e9 +
    (hosts * HOURS * 3600 * assumed.agentKBASecondAHost) / 1e6;
  return {
    ...{ hosts, logGB, flowLogGB, awayGB },
    storedLogGB: (assumed.logShareStored * (logGB * config.logRetentionDays + flowLogGB * FLOW_LOG_DAYS)) / DAYS,
    albUnitHours: HOURS * albUnits(assumed),
    internetGB: (requests * assumed.answerBytes) / 1e9,
    zonesGB: crossing * (insideGB + (config.natGateways === "single" ? awayGB : 0)),
    // What has expired is kept as long again, as a version that is not current.
    backupGB: (PROGRAMS * backupsADay(config) * 2 * config.backups.keepDays * assumed.snapshotMB) / 1e3,
    // The leaders look each minute what there is.
    backupRequests: PROGRAMS * (MINUTES + DAYS * backupsADay(config)),
  };
}

const FLOW_LOG_DAYS = 30;
/** Consul and Nomad. */
const PROGRAMS = 2;
const backupsADay = ({ backups }: StackConfig): number => (24 * 60) / backups.everyMinutes;

/**
 * Capacity units of an application load balancer, whose largest dimension is billed: 25 new connections a second, 1 GB an hour. Each request
 * is taken to have a connection of its own, which is the most that it can be.
 */
function albUnits({ requestsASecond, answerBytes, requestBytes }: Assumptions): number {
  return Math.max(requestsASecond / 25, (requestsASecond * 3600 * (answerBytes + requestBytes)) / 1e9);
}

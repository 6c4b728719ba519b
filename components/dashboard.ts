import * as pulumi from "@pulumi/pulumi";
import type { Watched } from "./alarms";

/** CloudWatch API Reference, "Dashboard Body Structure and Syntax". */
interface Widget {
  readonly type: "metric" | "alarm";
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A metric as a graph has it: namespace, name, names and values of dimensions, how it is drawn. */
type Line = readonly (string | { readonly label: string; readonly stat?: string })[];

export interface DashboardArgs extends Watched {
  readonly region: string;
  readonly services: readonly string[];
  readonly alarmArns: readonly string[];
}

/** CloudWatch's grid is as wide as this. */
const COLUMNS = 24;
const ROW_HEIGHT = 6;
const MINUTE = 60;

/** The text of the cluster's dashboard: from what users see, down to the hosts. */
export function dashboardBody(args: pulumi.Unwrap<DashboardArgs>): string {
  const { cluster, region, services, pools, loadBalancer, targetGroup } = args;
  const graph = (
    title: string,
    stat: string,
    metrics: readonly Line[],
    most: object = {},
    period = MINUTE,
  ): Widget => ({
    type: "metric",
    properties: { title, region, stat, period, metrics, view: "timeSeries", yAxis: { left: { min: 0, ...most } } },
  });
  const own = (name: string, dimension: string, values: readonly string[]): Line[] =>
    values.map((value) => [cluster, name, dimension, value, { label: value }]);
  const elb = (name: string, label: string, stat?: string): Line => [
    ...["AWS/ApplicationELB", name, "LoadBalancer", loadBalancer],
    stat === undefined ? { label } : { label, stat },
  ];
  const targets = (name: string, label: string): Line => [
    ...["AWS/ApplicationELB", name, "LoadBalancer", loadBalancer, "TargetGroup", targetGroup],
    { label },
  ];
  const groups = (name: string, label: string): Line[] =>
    pools.map((pool) => [
      ...["AWS/AutoScaling", name, "AutoScalingGroupName", pool.group],
      { label: `${pool.name}, ${label}` },
    ]);
  const programs = ["consul", "nomad"];
  const roles = ["server", "worker"];
  const percent = { max: 100 };
  const rows: Widget[][] = [
    [{ type: "alarm", properties: { title: "Alarms", alarms: args.alarmArns } }],
    [
      graph("Requests a minute", "Sum", [elb("RequestCount", "requests")]),
      graph("Failed requests a minute", "Sum", [
        elb("HTTPCode_ELB_5XX_Count", "by the load balancer"),
        elb("HTTPCode_Target_5XX_Count", "behind it"),
      ]),
      graph("Seconds to an answer", "Average", [
        elb("TargetResponseTime", "mean"),
        elb("TargetResponseTime", "99 of 100", "p99"),
      ]),
      graph("Workers behind the load balancer", "Maximum", [
        targets("HealthyHostCount", "healthy"),
        targets("UnHealthyHostCount", "unhealthy"),
      ]),
    ],
    [
      graph("Requests by service", "SampleCount", own("Latency", "Service", services)),
      graph("Failed requests by service, %", "Average", own("Errors", "Service", services)),
      graph("Milliseconds by service, mean", "Average", own("Latency", "Service", services)),
      graph("Delay of event loops, ms", "Maximum", own("EventLoopDelay", "Service", services.filter(isOurs))),
    ],
    [
      graph("Need of workers, %", "Average", own("Need", "Pool", names(pools))),
      graph("Workers", "Maximum", [
        ...groups("GroupDesiredCapacity", "wanted"),
        ...groups("GroupInServiceInstances", "in service"),
      ]),
      graph("Jobs", "Maximum", [
        [cluster, "RunningAllocations", { label: "running" }],
        [cluster, "FailedAllocations", { label: "failed or lost lately" }],
        [cluster, "BlockedEvaluations", { label: "waiting for room" }],
        [cluster, "DownNodes", { label: "workers down" }],
      ]),
      graph("Seconds since the last backup", "Maximum", own("BackupAge", "Program", programs)),
    ],
    [
      graph("Healthy servers", "Minimum", own("HealthyServers", "Program", programs)),
      graph("Hosts whose agents answer", "Sum", own("AgentsUp", "Role", roles)),
      graph("Fullest disk, %", "Maximum", own("DiskUsed", "Role", roles), percent),
      graph("Fullest memory, %", "Maximum", own("MemoryUsed", "Role", roles), percent),
    ],
  ];
  const widgets = rows.flatMap((row, y) =>
    row.map((widget, x) => ({
      ...{ type: widget.type, x: (x * COLUMNS) / row.length, y: y * ROW_HEIGHT },
      ...{ width: COLUMNS / row.length, height: ROW_HEIGHT, properties: widget.properties },
    })),
  );
  return JSON.stringify({ widgets });
}

/** Traefik has no event loop. */
const isOurs = (service: string): boolean => service !== "traefik";
const names = (pools: readonly { readonly name: string }[]): string[] => pools.map(({ name }) => name);

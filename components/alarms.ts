import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** What is watched, by the names that CloudWatch knows it by. */
export interface Watched {
  /** Namespace of what hosts report. */
  readonly cluster: string;
  readonly servers: number;
  /** Age of a backup at which there is to be a new one. */
  readonly backupMinutes: number;
  /** The last parts of the ARNs of the users' load balancer and its target group. */
  readonly loadBalancer: pulumi.Input<string>;
  readonly targetGroup: pulumi.Input<string>;
  readonly pools: readonly WatchedPool[];
}

export interface WatchedPool {
  readonly name: string;
  readonly group: pulumi.Input<string>;
  readonly min: number;
  readonly max: number;
}

type Condition = Omit<
  aws.cloudwatch.MetricAlarmArgs,
  "name" | "alarmDescription" | "alarmActions" | "okActions" | "tags"
>;

export interface Alarm {
  readonly meaning: string;
  readonly condition: Condition;
}

const above = (threshold: number): Condition => ({ comparisonOperator: "GreaterThanThreshold", threshold });
const below = (threshold: number): Condition => ({ comparisonOperator: "LessThanThreshold", threshold });
const atLeast = (threshold: number): Condition => ({
  comparisonOperator: "GreaterThanOrEqualToThreshold",
  threshold,
});

/** In so many minutes, `of` the last so many where it is not all of them. Who is to speak and is silent is at fault. */
const minutes = (count: number, silence: "a fault" | "no fault", of = count): Condition => ({
  evaluationPeriods: of,
  datapointsToAlarm: count,
  treatMissingData: silence === "a fault" ? "breaching" : "notBreaching",
});

/** Below this many requests in a minute, one that fails is no share to speak of. */
const FEW_REQUESTS = 20;

/** The alarms by name: each is something that somebody has to look at, and docs/troubleshooting.md says how. */
export function alarms(watched: Watched): Readonly<Record<string, Alarm>> {
  const { cluster, servers, pools, backupMinutes } = watched;
  const metric = (metricName: string, statistic: string, dimensions: Condition["dimensions"] = {}): Condition => ({
    ...{ namespace: cluster, metricName, statistic, dimensions, period: 60 },
  });
  const balancer = { LoadBalancer: watched.loadBalancer };
  const ofElb = (metricName: string, statistic: string, dimensions: Condition["dimensions"] = balancer): Condition => ({
    ...metric(metricName, statistic, dimensions),
    namespace: "AWS/ApplicationELB",
  });
  const targets = { ...balancer, TargetGroup: watched.targetGroup };
  const inQuery = (id: string, metricName: string) => ({
    id,
    metric: { namespace: "AWS/ApplicationELB", metricName, stat: "Sum", period: 60, dimensions: balancer },
  });
  return {
    errors: {
      meaning: "at least 5 % of the users' requests fail (5xx)",
      condition: {
        metricQueries: [
          inQuery("requests", "RequestCount"),
          inQuery("refused", "HTTPCode_ELB_5XX_Count"),
          inQuery("failed", "HTTPCode_Target_5XX_Count"),
          {
            id: "share",
            label: "Failed requests, percent",
            expression: `IF(requests >= ${FEW_REQUESTS}, 100 * (FILL(refused, 0) + FILL(failed, 0)) / requests, 0)`,
            returnData: true,
          },
        ],
        ...{ ...atLeast(5), ...minutes(3, "no fault", 5) },
      },
    },
    latency: {
      meaning: "the users' requests take more than a second on average",
      condition: { ...ofElb("TargetResponseTime", "Average"), ...above(1), ...minutes(3, "no fault", 5) },
    },
    "no-targets": {
      meaning: "the users' load balancer has no healthy target",
      condition: { ...ofElb("HealthyHostCount", "Maximum", targets), ...below(1), ...minutes(2, "a fault") },
    },
    "unhealthy-targets": {
      meaning: "a worker that should take traffic does not answer the load balancer",
      condition: { ...ofElb("UnHealthyHostCount", "Minimum", targets), ...above(0), ...minutes(10, "no fault") },
    },
    ...Object.fromEntries(
      ["consul", "nomad"].map((program) => [
        `${program}-servers`,
        {
          meaning: `${program} has no leader, or fewer than ${servers} healthy voters`,
          condition: {
            ...metric("HealthyServers", "Minimum", { Program: program }),
            ...{ ...below(servers), ...minutes(3, "a fault") },
          },
        },
      ]),
    ),
    ...Object.fromEntries(
      ["consul", "nomad"].map((program) => [
        `${program}-backup`,
        {
          meaning: `the newest backup of ${program} is older than two should be`,
          condition: {
            ...metric("BackupAge", "Maximum", { Program: program }),
            ...{ ...above(2 * 60 * backupMinutes), ...minutes(10, "a fault") },
          },
        },
      ]),
    ),
    "server-agents": {
      meaning: `of ${servers} servers, one is silent, or its Consul or Nomad does not answer`,
      condition: { ...metric("AgentsUp", "Sum", { Role: "server" }), ...below(servers), ...minutes(3, "a fault") },
    },
    "worker-agents": {
      meaning: "a worker's Consul, Nomad or Docker does not answer, or no worker says anything",
      condition: { ...metric("AgentsUp", "Minimum", { Role: "worker" }), ...below(1), ...minutes(5, "a fault") },
    },
    blocked: {
      meaning: "a job has waited a quarter of an hour for workers that have room for it",
      condition: { ...metric("BlockedEvaluations", "Minimum"), ...above(0), ...minutes(15, "no fault") },
    },
    ...Object.fromEntries(
      ["server", "worker"].map((role) => [
        `${role}-disk`,
        {
          meaning: `a disk of a ${role} is more than 85 % full`,
          condition: { ...metric("DiskUsed", "Maximum", { Role: role }), ...above(85), ...minutes(5, "no fault") },
        },
      ]),
    ),
    ...Object.fromEntries(
      // One that cannot grow is always at its maximum.
      pools
        .filter(({ min, max }) => min < max)
        .map(({ name, group, max }) => [
          `${name}-at-max`,
          {
            meaning: `the pool ${name} has had its ${max} workers, which is its maximum, for a quarter of an hour`,
            condition: {
              ...metric("GroupDesiredCapacity", "Minimum", { AutoScalingGroupName: group }),
              namespace: "AWS/AutoScaling",
              ...{ ...atLeast(max), ...minutes(15, "no fault") },
            },
          },
        ]),
    ),
  };
}

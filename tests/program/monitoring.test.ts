import { readFileSync } from "node:fs";
import type { RecordingMocks, Registration } from "./recording-mocks";
import { type ProgramRun, PROGRAM_TIMEOUT_MS, runProgram } from "./run-program";
import { valueOf } from "./recording-mocks";

const TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms";

describe("monitoring", () => {
  let run: ProgramRun;
  let mocks: RecordingMocks;
  let alarms: Record<string, Registration>;
  beforeAll(async () => {
    run = await runProgram("prod", "up", { "cluster:alarmTopicArn": TOPIC });
    mocks = run.mocks;
    alarms = mocks.ofType("aws:cloudwatch/metricAlarm:MetricAlarm");
  }, PROGRAM_TIMEOUT_MS);

  it("has exactly these alarms, each with so many minutes, and a fault in silence where somebody is to speak", () => {
    const conditions = Object.values(alarms).map(({ inputs }) => [
      inputs.name,
      `${inputs.datapointsToAlarm} of ${inputs.evaluationPeriods}`,
      `${inputs.statistic ?? "query"} ${inputs.comparisonOperator} ${inputs.threshold}`,
      inputs.treatMissingData,
    ]);
    expect(conditions.sort()).toEqual([
      ["cluster-prod-blocked", "15 of 15", "Minimum GreaterThanThreshold 0", "notBreaching"],
      ["cluster-prod-consul-backup", "10 of 10", "Maximum GreaterThanThreshold 7200", "breaching"],
      ["cluster-prod-consul-servers", "3 of 3", "Minimum LessThanThreshold 3", "breaching"],
      ["cluster-prod-edge-at-max", "15 of 15", "Minimum GreaterThanOrEqualToThreshold 6", "notBreaching"],
      ["cluster-prod-errors", "3 of 5", "query GreaterThanOrEqualToThreshold 5", "notBreaching"],
      ["cluster-prod-inner-at-max", "15 of 15", "Minimum GreaterThanOrEqualToThreshold 12", "notBreaching"],
      ["cluster-prod-latency", "3 of 5", "Average GreaterThanThreshold 1", "notBreaching"],
      ["cluster-prod-no-targets", "2 of 2", "Maximum LessThanThreshold 1", "breaching"],
      ["cluster-prod-nomad-backup", "10 of 10", "Maximum GreaterThanThreshold 7200", "breaching"],
      ["cluster-prod-nomad-servers", "3 of 3", "Minimum LessThanThreshold 3", "breaching"],
      ["cluster-prod-server-agents", "3 of 3", "Sum LessThanThreshold 3", "breaching"],
      ["cluster-prod-server-disk", "5 of 5", "Maximum GreaterThanThreshold 85", "notBreaching"],
      ["cluster-prod-unhealthy-targets", "10 of 10", "Minimum GreaterThanThreshold 0", "notBreaching"],
      ["cluster-prod-worker-agents", "5 of 5", "Minimum LessThanThreshold 1", "breaching"],
      ["cluster-prod-worker-disk", "5 of 5", "Maximum GreaterThanThreshold 85", "notBreaching"],
    ]);
  });

  it("watches the users' load balancer by the names that CloudWatch has for it", () => {
    const dimensions = { LoadBalancer: "app/edge/0123456789abcdef", TargetGroup: "targetgroup/edge/0123456789abcdef" };
    expect(alarms["monitoring-no-targets"]!.inputs).toMatchObject({ namespace: "AWS/ApplicationELB", dimensions });
    const { metricQueries } = alarms["monitoring-errors"]!.inputs;
    expect(metricQueries.map(({ id, expression, metric }: Record<string, any>) => [id, expression ?? metric])).toEqual([
      ...Object.entries({
        requests: "RequestCount",
        refused: "HTTPCode_ELB_5XX_Count",
        failed: "HTTPCode_Target_5XX_Count",
      }).map(([id, metricName]) => [
        id,
        {
          ...{ namespace: "AWS/ApplicationELB", metricName, stat: "Sum", period: 60 },
          dimensions: { LoadBalancer: "app/edge/0123456789abcdef" },
        },
      ]),
      ["share", "IF(requests >= 20, 100 * (FILL(refused, 0) + FILL(failed, 0)) / requests, 0)"],
    ]);
  });

  it("tells the topic when an alarm begins and ends, what it means, and where it says what to do", () => {
    const guide = readFileSync("docs/troubleshooting.md", "utf8").split("\n## An alarm\n")[1]!.split("\n## ")[0]!;
    for (const { name, inputs } of Object.values(alarms)) {
      const alarm = name.replace("monitoring-", "");
      expect(inputs.alarmActions).toEqual([TOPIC]);
      expect(inputs.okActions).toEqual([TOPIC]);
      expect(inputs.alarmDescription).toMatch(/^cluster-prod: .+\. What to do: docs\/troubleshooting\.md, An alarm, "/);
      expect(inputs.alarmDescription.endsWith(`"${alarm}"`)).toBe(true);
      expect(guide).toContain(`\`${alarm.replace(/^(edge|inner)-/, "<pool>-")}\``);
    }
  });

  it("shows what users see, services, workers and servers on a dashboard whose address is an output", async () => {
    const { inputs } = mocks.ofType("aws:cloudwatch/dashboard:Dashboard")["monitoring"]!;
    const { widgets } = JSON.parse(inputs.dashboardBody) as { widgets: Record<string, any>[] };
    expect(widgets.map(({ x, y, width, properties }) => [x, y, width, properties.title])).toEqual([
      [0, 0, 24, "Alarms"],
      [0, 6, 6, "Requests a minute"],
      [6, 6, 6, "Failed requests a minute"],
      [12, 6, 6, "Seconds to an answer"],
      [18, 6, 6, "Workers behind the load balancer"],
      [0, 12, 6, "Requests by service"],
      [6, 12, 6, "Failed requests by service, %"],
      [12, 12, 6, "Milliseconds by service, mean"],
      [18, 12, 6, "Delay of event loops, ms"],
      [0, 18, 6, "Need of workers, %"],
      [6, 18, 6, "Workers"],
      [12, 18, 6, "Jobs"],
      [18, 18, 6, "Seconds since the last backup"],
      [0, 24, 6, "Healthy servers"],
      [6, 24, 6, "Hosts whose agents answer"],
      [12, 24, 6, "Fullest disk, %"],
      [18, 24, 6, "Fullest memory, %"],
    ]);
    expect(widgets[0]!.properties.alarms).toHaveLength(Object.keys(alarms).length);
    expect(widgets[9]!.properties.metrics).toEqual([
      ["cluster-prod", "Need", "Pool", "edge", { label: "edge" }],
      ["cluster-prod", "Need", "Pool", "inner", { label: "inner" }],
    ]);
    expect(inputs.dashboardName).toBe("cluster-prod");
    expect(await valueOf(run.outputs.dashboardUrl!)).toBe(
      "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/cluster-prod",
    );
  });

  it("keeps the metrics of the cluster's own to so many, whose number is what they cost", () => {
    const { inputs } = mocks.ofType("aws:cloudwatch/dashboard:Dashboard")["monitoring"]!;
    const { widgets } = JSON.parse(inputs.dashboardBody) as { widgets: Record<string, any>[] };
    const own = widgets
      .flatMap(({ properties }) => (properties.metrics ?? []) as unknown[][])
      .filter(([namespace]) => namespace === "cluster-prod")
      .map((line) => line.filter((part) => typeof part === "string").join(" "));
    expect(new Set(own).size).toBe(24);
  });
});

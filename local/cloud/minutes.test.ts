import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DeletePolicyCommand,
  DescribeAutoScalingGroupsCommand,
  EnableMetricsCollectionCommand,
  PutScalingPolicyCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  type MetricDatum,
  type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { CreateLaunchTemplateCommand } from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AnswerContext } from "./answers";
import { Minutes } from "./minutes";
import { makeNetwork, startTestCloud, type TestCloud, type TestNetwork } from "./testing";

jest.setTimeout(180_000);

let cloud: TestCloud;
let network: TestNetwork;
let minutes: Minutes;
/** The end of the minute that the test has come to; values are put into the one before. */
let now: number;

beforeAll(async () => {
  cloud = await startTestCloud((context: AnswerContext) => ((minutes = new Minutes(context)), {}));
  network = await makeNetwork(cloud.moto);
});
afterAll(() => cloud?.stop());
beforeEach(() => void (now = Math.floor(Date.now() / 60_000) * 60_000 - 60 * 60_000));
afterEach(async () => {
  const { MetricAlarms } = await cloud.clients.cloudwatch.send(new DescribeAlarmsCommand({}));
  const AlarmNames = MetricAlarms!.map(({ AlarmName }) => AlarmName!);
  if (AlarmNames.length > 0) await cloud.clients.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames }));
});

/** Lets a minute pass in which these values came, each a metric's of a namespace that only this test has. */
async function minute(values: Record<string, number | undefined> = {}): Promise<void> {
  now += 60_000;
  const data = Object.entries(values).flatMap(([MetricName, Value]): MetricDatum[] =>
    Value === undefined ? [] : [{ MetricName, Value, Timestamp: new Date(now - 30_000) }],
  );
  const Namespace = expect
    .getState()
    .currentTestName!.replace(/[^a-z]+/g, "-")
    .slice(0, 200);
  if (data.length > 0) await cloud.clients.cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData: data }));
  await minutes.end(new Date(now), 60);
}
const namespace = (): string =>
  expect
    .getState()
    .currentTestName!.replace(/[^a-z]+/g, "-")
    .slice(0, 200);

const putAlarm = (more: Partial<PutMetricAlarmCommandInput> = {}) =>
  cloud.clients.cloudwatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName: "alarm", EvaluationPeriods: 2, Threshold: 1, ComparisonOperator: "GreaterThanThreshold" },
      ...(more.Metrics ? {} : { Namespace: namespace(), MetricName: "m", Statistic: "Maximum", Period: 60 }),
      ...more,
    }),
  );
const states = async (): Promise<Record<string, string>> => {
  const { MetricAlarms } = await cloud.clients.cloudwatch.send(new DescribeAlarmsCommand({}));
  return Object.fromEntries(MetricAlarms!.map(({ AlarmName, StateValue }) => [AlarmName!, StateValue!]));
};

describe("alarms", () => {
  it("have no data at first, go off and come back with their metric, and say by which values", async () => {
    await putAlarm();
    expect(await states()).toEqual({ alarm: "INSUFFICIENT_DATA" });
    const seen = [];
    for (const m of [0, 5, 5, 5, 0]) {
      await minute({ m });
      seen.push((await states()).alarm);
    }
    expect(seen).toEqual(["OK", "OK", "ALARM", "ALARM", "OK"]);
    const { MetricAlarms } = await cloud.clients.cloudwatch.send(new DescribeAlarmsCommand({}));
    expect(MetricAlarms![0]!.StateReason).toBe("Values of the last 4 periods: 5 5 5 0; threshold: 1");
    expect(cloud.logged.filter((line) => line.startsWith("alarm alarm:")).slice(-2)).toEqual([
      "alarm alarm: OK -> ALARM (- 0 5 5)",
      "alarm alarm: ALARM -> OK (5 5 5 0)",
    ]);
  });

  it("take no metric for theirs that has another dimension, or more of them, or another namespace", async () => {
    const Dimensions = [{ Name: "Role", Value: "server" }];
    await putAlarm({ Dimensions, EvaluationPeriods: 1 });
    const put = (Namespace: string, dimensions: { Name: string; Value: string }[], Value: number) =>
      cloud.clients.cloudwatch.send(
        new PutMetricDataCommand({
          ...{ Namespace },
          MetricData: [{ MetricName: "m", Dimensions: dimensions, Value, Timestamp: new Date(now + 30_000) }],
        }),
      );
    await put(namespace(), [], 5);
    await put(namespace(), [{ Name: "Role", Value: "worker" }], 5);
    await put(namespace(), [...Dimensions, { Name: "Zone", Value: "a" }], 5);
    await put("another", Dimensions, 5);
    await minute();
    expect(await states()).toEqual({ alarm: "INSUFFICIENT_DATA" });
    now -= 60_000;
    await put(namespace(), Dimensions, 5);
    await minute();
    expect(await states()).toEqual({ alarm: "ALARM" });
  });

  it("keep their state when they are changed", async () => {
    await putAlarm({ EvaluationPeriods: 1 });
    await minute({ m: 5 });
    await putAlarm({ EvaluationPeriods: 1, AlarmDescription: "other words" });
    expect(await states()).toEqual({ alarm: "ALARM" });
  });

  it("reckon with metric math: what is missing is filled in, or there is no value", async () => {
    const stat = (Id: string) => ({
      ...{ Id, ReturnData: false },
      MetricStat: { Metric: { Namespace: namespace(), MetricName: Id }, Period: 60, Stat: "Sum" },
    });
    const Expression = "IF(requests >= 20, 100 * (FILL(refused, 0) + FILL(failed, 0)) / requests, 0)";
    const share = { Id: "share", Expression, ReturnData: true };
    await putAlarm({
      ...{ Metrics: [stat("requests"), stat("refused"), stat("failed"), share], Threshold: 5, EvaluationPeriods: 1 },
      ...{ ComparisonOperator: "GreaterThanOrEqualToThreshold", TreatMissingData: "notBreaching" },
    });
    const seen = [];
    for (const values of [
      { requests: 100, failed: 4 },
      { requests: 100, failed: 4, refused: 1 },
      { requests: 19, failed: 19 },
      { failed: 5 },
    ]) {
      await minute(values);
      seen.push((await states()).alarm);
    }
    // The last minute has no value; the one before is the last that there is.
    expect(seen).toEqual(["OK", "ALARM", "OK", "OK"]);
  });
});

async function makeGroup(more: object = {}): Promise<void> {
  const { ec2, autoscaling } = cloud.clients;
  const name = { LaunchTemplateName: "worker" };
  const data = { ImageId: "ami-0deb1a12000000001", InstanceType: "t3.small" as const };
  await ec2.send(new CreateLaunchTemplateCommand({ ...name, LaunchTemplateData: data })).catch(() => undefined);
  await autoscaling.send(
    new CreateAutoScalingGroupCommand({
      ...{ AutoScalingGroupName: "workers", MinSize: 1, MaxSize: 4, DesiredCapacity: 2, LaunchTemplate: name },
      ...{ VPCZoneIdentifier: network.subnets.join(","), ...more },
    }),
  );
}
const removeGroup = () =>
  cloud.clients.autoscaling.send(
    new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "workers", ForceDelete: true }),
  );
const size = async (): Promise<number> =>
  (await cloud.clients.autoscaling.send(new DescribeAutoScalingGroupsCommand({}))).AutoScalingGroups![0]!
    .DesiredCapacity!;

describe("metrics of AWS's own", () => {
  it("tell of target groups, of a load balancer's traffic, and of groups what they were asked to", async () => {
    const { autoscaling, cloudwatch, elb } = cloud.clients;
    const Subnets = [...network.subnets];
    const { LoadBalancers } = await elb.send(new CreateLoadBalancerCommand({ Name: "edge", Subnets }));
    const arn = LoadBalancers![0]!.LoadBalancerArn!;
    const web = { Name: "web", Protocol: "HTTP" as const, Port: 8080, VpcId: network.vpcId };
    const TargetGroupArn = (await elb.send(new CreateTargetGroupCommand(web))).TargetGroups![0]!.TargetGroupArn!;
    const DefaultActions = [{ Type: "forward" as const, TargetGroupArn }];
    const listener = { LoadBalancerArn: arn, Protocol: "HTTP" as const, Port: 80, DefaultActions };
    await elb.send(new CreateListenerCommand(listener));
    await makeGroup();
    const Metrics = ["GroupDesiredCapacity"];
    const enabled = { AutoScalingGroupName: "workers", Metrics, Granularity: "1Minute" };
    await autoscaling.send(new EnableMetricsCollectionCommand(enabled));
    cloud.hypervisor.health = () => [
      ...(["healthy", "healthy", "unhealthy", "initial"] as const).map((state) => ({ targetId: "i", port: 1, state })),
    ];
    const traffic = (requests: number, refused: number, failed: number) =>
      cloud.hypervisor.traffics.set(arn, { requests, refused, failed, responseSeconds: 0.2 });
    traffic(10, 0, 0);
    await minute();
    traffic(15, 0, 2);
    await minute();

    const LoadBalancer = { Name: "LoadBalancer", Value: arn.split(":loadbalancer/")[1]! };
    const TargetGroup = { Name: "TargetGroup", Value: TargetGroupArn.split(":").at(-1)! };
    const group = [{ Name: "AutoScalingGroupName", Value: "workers" }];
    const asked = [
      ...["HealthyHostCount", "UnHealthyHostCount"].map((name) => [
        "ApplicationELB",
        name,
        [LoadBalancer, TargetGroup],
      ]),
      ...["RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count", "TargetResponseTime"].map((name) => [
        ...["ApplicationELB", name, [LoadBalancer]],
      ]),
      ...["GroupDesiredCapacity", "GroupInServiceInstances"].map((name) => ["AutoScaling", name, group]),
    ] as [string, string, { Name: string; Value: string }[]][];
    const { MetricDataResults } = await cloudwatch.send(
      new GetMetricDataCommand({
        ...{ StartTime: new Date(now - 60_000), EndTime: new Date(now) },
        MetricDataQueries: asked.map(([Namespace, MetricName, Dimensions], index) => ({
          Id: `m${index}`,
          MetricStat: { Metric: { Namespace: `AWS/${Namespace}`, MetricName, Dimensions }, Period: 60, Stat: "Sum" },
        })),
      }),
    );
    expect(MetricDataResults!.map(({ Values }, index) => [asked[index]![1], ...Values!])).toEqual([
      ["HealthyHostCount", 2],
      ["UnHealthyHostCount", 1],
      ["RequestCount", 5],
      ["HTTPCode_ELB_5XX_Count"],
      ["HTTPCode_Target_5XX_Count", 2],
      ["TargetResponseTime", 0.2],
      ["GroupDesiredCapacity", 2],
      ["GroupInServiceInstances"],
    ]);
    cloud.hypervisor.health = () => [];
    await removeGroup();
  });
});

describe("a target tracking policy", () => {
  const putPolicy = (warmUp: number, more: object = {}) =>
    cloud.clients.autoscaling.send(
      new PutScalingPolicyCommand({
        ...{ AutoScalingGroupName: "workers", PolicyName: "need", PolicyType: "TargetTrackingScaling" },
        EstimatedInstanceWarmup: warmUp,
        TargetTrackingConfiguration: {
          TargetValue: 50,
          CustomizedMetricSpecification: { Namespace: namespace(), MetricName: "need", Statistic: "Average" },
          ...more,
        },
      }),
    );
  const pass = async (count: number, need: number): Promise<number> => {
    for (let each = 0; each < count; each += 1) await minute({ need });
    return size();
  };
  // moto launches by the machine's clock: by this test's, its instances are to be old.
  beforeEach(() => void (now = Math.ceil(Date.now() / 60_000) * 60_000 + 60_000));
  afterEach(async () => {
    const policy = { AutoScalingGroupName: "workers", PolicyName: "need" };
    await cloud.clients.autoscaling.send(new DeletePolicyCommand(policy));
    await removeGroup();
  });

  it("has two alarms, which go with it", async () => {
    await makeGroup();
    await putPolicy(0);
    await minute();
    expect(Object.keys(await states()).sort()).toEqual([
      "TargetTracking-workers-AlarmHigh-need",
      "TargetTracking-workers-AlarmLow-need",
    ]);
    const policy = { AutoScalingGroupName: "workers", PolicyName: "need" };
    await cloud.clients.autoscaling.send(new DeletePolicyCommand(policy));
    await minute();
    expect(await states()).toEqual({});
  });

  it("scales out in proportion after three minutes over the target, once for workers that are warming up, and to the maximum", async () => {
    await makeGroup();
    await putPolicy(1200);
    expect(await pass(3, 70)).toBe(2);
    now += 1200_000;
    expect(await pass(2, 20)).toBe(2);
    expect(await pass(2, 70)).toBe(2);
    expect(await pass(1, 70)).toBe(3);
    const { AutoScalingGroups } = await cloud.clients.autoscaling.send(new DescribeAutoScalingGroupsCommand({}));
    cloud.hypervisor.hosts.set(AutoScalingGroups![0]!.Instances![2]!.InstanceId!, "pending");
    expect(await pass(3, 70)).toBe(3);
    cloud.hypervisor.hosts.clear();
    expect(await pass(3, 70)).toBe(3);
    now += 1200_000;
    expect(await pass(2, 20)).toBe(3);
    expect(await pass(3, 70)).toBe(4);
  });

  it("scales in one by one after a quarter of an hour under nine tenths of the target, down to what the target takes", async () => {
    await makeGroup({ DesiredCapacity: 4 });
    await putPolicy(0);
    now += 60_000;
    expect(await pass(20, 46)).toBe(4);
    expect(await pass(14, 25)).toBe(4);
    expect(await pass(1, 25)).toBe(3);
    expect(await pass(1, 33)).toBe(2);
    expect(await pass(2, 44)).toBe(2);
    expect(await pass(1, 10)).toBe(1);
    expect(await pass(1, 10)).toBe(1);
  });

  it("leaves alone what is not to be scaled in, and a group whose alarms are suspended", async () => {
    await makeGroup({ DesiredCapacity: 3 });
    await putPolicy(0, { DisableScaleIn: true });
    now += 60_000;
    expect(await pass(16, 10)).toBe(3);
    await putPolicy(0);
    const processes = { AutoScalingGroupName: "workers", ScalingProcesses: ["AlarmNotification"] };
    await cloud.clients.autoscaling.send(new SuspendProcessesCommand(processes));
    expect(await pass(2, 10)).toBe(3);
    await cloud.clients.autoscaling.send(new ResumeProcessesCommand(processes));
    expect(await pass(1, 10)).toBe(2);
  });

  it("scales nothing without values, whatever the size", async () => {
    await makeGroup();
    await putPolicy(0);
    await cloud.clients.autoscaling.send(
      new SetDesiredCapacityCommand({ AutoScalingGroupName: "workers", DesiredCapacity: 4 }),
    );
    for (let each = 0; each < 3; each += 1) await minute();
    expect(await size()).toBe(4);
    expect(new Set(Object.values(await states()))).toEqual(new Set(["INSUFFICIENT_DATA"]));
  });
});

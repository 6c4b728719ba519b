import {
  DescribePoliciesCommand,
  SetDesiredCapacityCommand,
  type AutoScalingGroup,
  type ScalingPolicy,
} from "@aws-sdk/client-auto-scaling";
import { DeleteAlarmsCommand, PutMetricAlarmCommand, type MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { allAlarms, valuesOf, type Clock } from "./alarms";
import type { AnswerContext } from "./answers";
import { findGroup, isLeaving } from "./group-members";

/** What the alarms of a policy wait for: EC2 Auto Scaling User Guide, "Target tracking scaling policies". */
const SCALE_OUT_MINUTES = 3;
const SCALE_IN_MINUTES = 15;
/** Scaling in begins this far below the target, lest it be undone at once. */
const SCALE_IN_SHARE = 0.9;

const PREFIX = "TargetTracking-";
const alarmName = (policy: ScalingPolicy, which: "High" | "Low"): string =>
  `${PREFIX}${policy.AutoScalingGroupName}-Alarm${which}-${policy.PolicyName}`;

const trackingPolicies = async ({ clients }: AnswerContext): Promise<ScalingPolicy[]> => {
  const found = await clients.autoscaling.send(new DescribePoliciesCommand({ PolicyTypes: ["TargetTrackingScaling"] }));
  return found.ScalingPolicies ?? [];
};

/** Gives each policy its two alarms, as Auto Scaling does, and takes those away whose policy is gone. */
export async function keepTrackingAlarms(context: AnswerContext): Promise<void> {
  const { cloudwatch } = context.clients;
  const known = new Map((await allAlarms(context.clients)).map((alarm) => [alarm.AlarmName!, alarm]));
  const wanted = new Set<string>();
  for (const policy of await trackingPolicies(context)) {
    const { TargetValue, CustomizedMetricSpecification: metric } = policy.TargetTrackingConfiguration!;
    const { Namespace, MetricName, Dimensions, Statistic } = metric!;
    for (const [which, minutes, Threshold] of [
      ["High", SCALE_OUT_MINUTES, TargetValue!],
      ["Low", SCALE_IN_MINUTES, TargetValue! * SCALE_IN_SHARE],
    ] as const) {
      const AlarmName = alarmName(policy, which);
      wanted.add(AlarmName);
      if (known.get(AlarmName)?.Threshold === Threshold) continue;
      await cloudwatch.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName, Namespace, MetricName, Dimensions, Statistic, Threshold, Period: 60 },
          ...{ EvaluationPeriods: minutes, AlarmActions: [policy.PolicyARN!] },
          ComparisonOperator: which === "High" ? "GreaterThanThreshold" : "LessThanThreshold",
        }),
      );
    }
  }
  const orphans = [...known.keys()].filter((name) => name.startsWith(PREFIX) && !wanted.has(name));
  if (orphans.length > 0) await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: orphans }));
}

/** Does what the alarms of the policies say. */
export async function trackTargets(context: AnswerContext, clock: Clock): Promise<void> {
  const alarms = new Map((await allAlarms(context.clients)).map((alarm) => [alarm.AlarmName!, alarm]));
  for (const policy of await trackingPolicies(context)) {
    const group = await findGroup(context.clients, policy.AutoScalingGroupName!);
    const suspended = (group?.SuspendedProcesses ?? []).some(({ ProcessName }) => ProcessName === "AlarmNotification");
    if (group === undefined || suspended) continue;
    const [high, low] = [alarms.get(alarmName(policy, "High")), alarms.get(alarmName(policy, "Low"))];
    if (high?.StateValue === "ALARM") await scale(context, group, policy, high, clock);
    else if (low?.StateValue === "ALARM") await scale(context, group, policy, low, clock);
  }
}

/**
 * Out at once to what brings the metric to its target, counting only workers that are past their warm-up, as the metric does. In by
 * one, when nothing else is under way: AWS says no more than that it goes slowly.
 */
async function scale(
  context: AnswerContext,
  group: AutoScalingGroup,
  policy: ScalingPolicy,
  alarm: MetricAlarm,
  clock: Clock,
): Promise<void> {
  const { TargetValue: target, DisableScaleIn } = policy.TargetTrackingConfiguration!;
  const value = (await valuesOf(context.clients, alarm, alarm.EvaluationPeriods!, clock)).findLast(
    (each) => each !== undefined,
  );
  if (value === undefined) return;
  const members = (group.Instances ?? []).filter((instance) => !isLeaving(instance));
  const warm = await pastWarmUp(
    context,
    members.map(({ InstanceId }) => InstanceId!),
    policy,
    clock,
  );
  const size = group.DesiredCapacity!;
  const fitting = Math.ceil((warm * value) / target!);
  let wanted = size;
  if (value > target!) wanted = Math.max(size, Math.min(fitting, group.MaxSize!));
  else if (!DisableScaleIn && warm === size && members.length === group.Instances?.length)
    wanted = Math.max(Math.min(size, fitting), size - 1, group.MinSize!);
  if (wanted === size) return;
  const AutoScalingGroupName = group.AutoScalingGroupName!;
  context.log(`${AutoScalingGroupName}: ${size} -> ${wanted}, as ${alarm.MetricName} is ${value.toFixed(1)}`);
  await context.clients.autoscaling.send(
    new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: wanted }),
  );
  context.hypervisor.poke();
}

async function pastWarmUp(
  { clients, hypervisor }: AnswerContext,
  InstanceIds: string[],
  { EstimatedInstanceWarmup }: ScalingPolicy,
  { now, minuteSeconds }: Clock,
): Promise<number> {
  if (InstanceIds.length === 0) return 0;
  const { Reservations = [] } = await clients.ec2.send(new DescribeInstancesCommand({ InstanceIds }));
  const warmUp = ((EstimatedInstanceWarmup ?? 300) / 60) * minuteSeconds * 1000;
  return Reservations.flatMap(({ Instances = [] }) => Instances).filter(
    ({ InstanceId, LaunchTime }) =>
      hypervisor.hostState(InstanceId!) === "running" && now.getTime() - LaunchTime!.getTime() >= warmUp,
  ).length;
}

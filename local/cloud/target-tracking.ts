import {
  DescribePoliciesCommand,
  SetDesiredCapacityCommand,
  type AutoScalingGroup,
  type ScalingPolicy,
} from "@aws-sdk/client-auto-scaling";
import { DeleteAlarmsCommand, PutMetricAlarmCommand, type MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { allAlarms, valuesOf, type Clock } from "./alarms";
import type { AnswerContext } from "./answers";
import { allGroups, inService, isLeaving } from "./group-members";

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

/** Follows scaling policies from minute to minute. */
export class TargetTracking {
  /** When each instance was first seen in service, milliseconds: how long a host boots does not shrink with the minute. */
  private inServiceSince = new Map<string, number>();

  constructor(private readonly context: AnswerContext) {}

  /** Does what the alarms of the policies say. */
  async end(clock: Clock): Promise<void> {
    const { context } = this;
    const groups = new Map((await allGroups(context.clients)).map((group) => [group.AutoScalingGroupName!, group]));
    this.observe([...groups.values()], clock.now.getTime());
    const alarms = new Map((await allAlarms(context.clients)).map((alarm) => [alarm.AlarmName!, alarm]));
    for (const policy of await trackingPolicies(context)) {
      const group = groups.get(policy.AutoScalingGroupName!);
      const suspended = (group?.SuspendedProcesses ?? []).some(
        ({ ProcessName }) => ProcessName === "AlarmNotification",
      );
      if (group === undefined || suspended) continue;
      const [high, low] = [alarms.get(alarmName(policy, "High")), alarms.get(alarmName(policy, "Low"))];
      if (high?.StateValue === "ALARM") await this.scale(group, policy, high, clock);
      else if (low?.StateValue === "ALARM") await this.scale(group, policy, low, clock);
    }
  }

  private observe(groups: readonly AutoScalingGroup[], now: number): void {
    const serving = groups.flatMap((group) =>
      (group.Instances ?? []).filter((instance) => inService(this.context.hypervisor, group, instance)),
    );
    const ids = serving.map(({ InstanceId }) => InstanceId!);
    this.inServiceSince = new Map(ids.map((id) => [id, this.inServiceSince.get(id) ?? now]));
  }

  /**
   * Out at once to what brings the metric to its target, counting only workers that are past their warm-up, as the metric does. In by
   * one, when nothing else is under way: AWS says no more than that it goes slowly.
   */
  private async scale(group: AutoScalingGroup, policy: ScalingPolicy, alarm: MetricAlarm, clock: Clock): Promise<void> {
    const { context } = this;
    const { TargetValue: target, DisableScaleIn } = policy.TargetTrackingConfiguration!;
    const value = (await valuesOf(context.clients, alarm, alarm.EvaluationPeriods!, clock)).findLast(
      (each) => each !== undefined,
    );
    if (value === undefined) return;
    const members = (group.Instances ?? []).filter((instance) => !isLeaving(instance));
    const warmUp = ((policy.EstimatedInstanceWarmup ?? 300) / 60) * clock.minuteSeconds * 1000;
    const since = (id: string) => this.inServiceSince.get(id) ?? Infinity;
    const warm = members.filter(({ InstanceId }) => clock.now.getTime() - since(InstanceId!) >= warmUp).length;
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
}

import { TerminateInstanceInAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import type { AnswerContext } from "./answers";
import { allGroups, isLeaving, unhealthy } from "./group-members";

/**
 * One round of what EC2 Auto Scaling does about unhealthy instances: those whose host has ended, that were reported
 * unhealthy or, with health checks of type ELB and after the grace period, fail a target group's check, are replaced.
 */
export async function replaceUnhealthy({ clients, hypervisor, log }: AnswerContext): Promise<void> {
  for (const group of await allGroups(clients)) {
    const suspended = group.SuspendedProcesses?.map(({ ProcessName }) => ProcessName) ?? [];
    if (suspended.includes("ReplaceUnhealthy") || suspended.includes("HealthCheck")) continue;
    const members = (group.Instances ?? []).filter((instance) => !isLeaving(instance));
    const ids = members.map(({ InstanceId }) => InstanceId!);
    if (ids.length === 0) continue;
    const { Reservations } = await clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
    const launched = new Map(
      Reservations?.flatMap(({ Instances }) => Instances ?? []).map((each) => [each.InstanceId, each.LaunchTime]),
    );
    for (const instance of members) {
      const age = (Date.now() - (launched.get(instance.InstanceId)?.getTime() ?? Date.now())) / 1000;
      const reason = unhealthy(hypervisor, group, instance, age);
      if (reason === undefined) continue;
      log(`${group.AutoScalingGroupName}: replacing ${instance.InstanceId}: ${reason}`);
      await clients.autoscaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({
          InstanceId: instance.InstanceId,
          ShouldDecrementDesiredCapacity: false,
        }),
      );
      hypervisor.poke();
    }
  }
}

/** Runs the round every `seconds` until the returned function is called. */
export function watchGroups(context: AnswerContext, seconds = 3): () => void {
  let stopped = false;
  const round = async (): Promise<void> => {
    await replaceUnhealthy(context).catch((error: Error) => context.log(`health of groups: ${error.message}`));
    if (!stopped) timer = setTimeout(() => void round(), seconds * 1000);
  };
  let timer = setTimeout(() => void round(), seconds * 1000);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

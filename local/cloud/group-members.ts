import {
  DescribeAutoScalingGroupsCommand,
  paginateDescribeAutoScalingGroups,
  type AutoScalingGroup,
  type Instance,
} from "@aws-sdk/client-auto-scaling";
import type { Clients } from "./clients";
import type { Hypervisor } from "./types";

export async function allGroups({ autoscaling }: Clients): Promise<AutoScalingGroup[]> {
  const groups: AutoScalingGroup[] = [];
  for await (const page of paginateDescribeAutoScalingGroups({ client: autoscaling }, {})) {
    groups.push(...(page.AutoScalingGroups ?? []));
  }
  return groups;
}

export async function findGroup({ autoscaling }: Clients, name: string): Promise<AutoScalingGroup | undefined> {
  const answer = await autoscaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }));
  return answer.AutoScalingGroups?.[0];
}

/** Whether the instance is on its way out already. */
export const isLeaving = ({ LifecycleState }: Instance): boolean => LifecycleState?.startsWith("Terminating") ?? false;

/** Whether the host runs and every target group of the group finds it healthy. */
export function inService(hypervisor: Hypervisor, group: AutoScalingGroup, instance: Instance): boolean {
  const id = instance.InstanceId!;
  if (hypervisor.hostState(id) !== "running") return false;
  return (group.TargetGroupARNs ?? []).every((arn) =>
    hypervisor.targetHealth(arn).some(({ targetId, state }) => targetId === id && state === "healthy"),
  );
}

/** Whether the instance passes the health checks that the group has: those of its load balancers are but heeded when it is told to. */
export function isHealthy(hypervisor: Hypervisor, group: AutoScalingGroup, instance: Instance): boolean {
  return group.HealthCheckType === "ELB"
    ? inService(hypervisor, group, instance)
    : hypervisor.hostState(instance.InstanceId!) === "running";
}

/** Why the instance is to be replaced, if it is. */
export function unhealthy(
  hypervisor: Hypervisor,
  group: AutoScalingGroup,
  instance: Instance,
  ageSeconds: number,
): string | undefined {
  const id = instance.InstanceId!;
  if (hypervisor.hostState(id) === "dead") return "its host has ended";
  if (instance.HealthStatus?.toLowerCase() === "unhealthy") return "it was reported unhealthy";
  if (group.HealthCheckType !== "ELB" || ageSeconds < (group.HealthCheckGracePeriod ?? 0)) return undefined;
  const failing = (group.TargetGroupARNs ?? []).find((arn) =>
    hypervisor.targetHealth(arn).some(({ targetId, state }) => targetId === id && state === "unhealthy"),
  );
  return failing === undefined ? undefined : `a health check of target group ${failing.split("/")[1]} failed`;
}

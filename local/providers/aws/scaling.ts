import type { ResourceModel, Operation } from "../model";
import { retryWhile, seconds, waitFor } from "../wait";
import type { Props } from "../wire";
import { hashedId, isGone, pascal, unlessGone, waiting, type Aws } from "./context";

const template = "launchTemplateId launchTemplateName version";
const instancesDistribution =
  "onDemandAllocationStrategy onDemandBaseCapacity onDemandPercentageAboveBaseCapacity spotAllocationStrategy " +
  "spotInstancePools spotMaxPrice";
const preferences =
  "minHealthyPercentage maxHealthyPercentage instanceWarmup skipMatching autoRollback checkpointDelay checkpointPercentages " +
  "scaleInProtectedInstances standbyInstances";
/** Arguments that go to the API as they are. */
const direct = [
  "minSize", "maxSize", "desiredCapacity", "defaultCooldown", "defaultInstanceWarmup", "healthCheckType",
  "healthCheckGracePeriod", "placementGroup", "terminationPolicies", "capacityRebalance", "maxInstanceLifetime",
] as const; // prettier-ignore
const ownWait = ["waitForCapacityTimeout", "minElbCapacity", "waitForElbCapacity", "forceDelete"];

const find = async ({ autoscaling }: Aws, name: string) =>
  (await autoscaling.describeAutoScalingGroups({ AutoScalingGroupNames: [name] })).AutoScalingGroups?.[0];

function request(args: Props): Props {
  const { launchTemplate, mixedInstancesPolicy, instanceMaintenancePolicy, vpcZoneIdentifiers, availabilityZones } =
    args;
  const { id, name, version = "$Default" } = launchTemplate ?? {};
  return {
    ...pascal(Object.fromEntries(direct.filter((key) => args[key] !== undefined).map((key) => [key, args[key]]))),
    NewInstancesProtectedFromScaleIn: args.protectFromScaleIn,
    VPCZoneIdentifier: vpcZoneIdentifiers?.join(","),
    AvailabilityZones: availabilityZones,
    LaunchTemplate: launchTemplate && { LaunchTemplateId: id, LaunchTemplateName: name, Version: String(version) },
    MixedInstancesPolicy: mixedInstancesPolicy && pascal(mixedInstancesPolicy),
    InstanceMaintenancePolicy: instanceMaintenancePolicy && pascal(instanceMaintenancePolicy),
  };
}

const tagsOf = (name: string, tags: Props[] | undefined) =>
  (tags ?? []).map(({ key, value, propagateAtLaunch }) => ({
    ResourceId: name,
    ResourceType: "auto-scaling-group",
    Key: key as string,
    Value: value as string,
    PropagateAtLaunch: Boolean(propagateAtLaunch),
  }));

/** Waits until the instances that are wanted are in service and, if asked, healthy behind the load balancer. */
async function untilCapacity(aws: Aws, name: string, args: Props, exact: boolean, operation: Operation): Promise<void> {
  const limit = seconds(args.waitForCapacityTimeout ?? "10m");
  if (limit === 0) return;
  const wanted: number = args.desiredCapacity ?? args.minSize;
  const behind: number = args.waitForElbCapacity ?? args.minElbCapacity ?? 0;
  const wait = { ...waiting(operation, `${wanted} instances of ${name} in service`, limit), seconds: limit };
  await waitFor(wait, async () => {
    const group = await find(aws, name);
    const ready = (group?.Instances ?? []).filter(
      ({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus?.toLowerCase() === "healthy",
    );
    const healthy =
      behind > 0
        ? await healthyBehind(
            aws,
            group?.TargetGroupARNs ?? [],
            ready.map((i) => i.InstanceId!),
          )
        : 0;
    const enough = exact ? ready.length === wanted : ready.length >= wanted;
    const said = `${ready.length} in service${behind > 0 ? `, ${healthy} of ${behind} healthy behind the load balancer` : ""}`;
    return enough && healthy >= behind ? { done: true } : { state: said };
  }).catch(async (error: Error) => {
    const { Activities } = await aws.autoscaling.describeScalingActivities({ AutoScalingGroupName: name });
    const failed = (Activities ?? []).find(({ StatusCode }) => StatusCode === "Failed");
    throw failed
      ? new Error(`${error.message}; last failed activity: ${failed.StatusMessage}`, { cause: error })
      : error;
  });
}

/** Instances that are healthy in every target group of their group. */
async function healthyBehind({ elb }: Aws, groups: string[], instances: string[]): Promise<number> {
  const lists = await Promise.all(groups.map((TargetGroupArn) => elb.describeTargetHealth({ TargetGroupArn })));
  const healthy = lists.map(({ TargetHealthDescriptions }) =>
    (TargetHealthDescriptions ?? [])
      .filter((item) => item.TargetHealth?.State === "healthy")
      .map((item) => item.Target?.Id),
  );
  return instances.filter((id) => healthy.length > 0 && healthy.every((ids) => ids.includes(id))).length;
}

const group: ResourceModel<Aws> = {
  args:
    `name! namePrefix! ${direct.join(" ")} ${ownWait.join(" ")} protectFromScaleIn vpcZoneIdentifiers availabilityZones targetGroupArns ` +
    "suspendedProcesses enabledMetrics metricsGranularity launchTemplate{id name version} " +
    `mixedInstancesPolicy{instancesDistribution{${instancesDistribution}} ` +
    `launchTemplate{launchTemplateSpecification{${template}} overrides{instanceType weightedCapacity launchTemplateSpecification{${template}}}}} ` +
    `instanceMaintenancePolicy{minHealthyPercentage maxHealthyPercentage} instanceRefresh{strategy preferences{${preferences}} triggers} ` +
    "initialLifecycleHooks!{name lifecycleTransition defaultResult heartbeatTimeout notificationMetadata notificationTargetArn roleArn} " +
    "tags{key value propagateAtLaunch}",
  autoname: { property: "name", maxLength: 255 },
  defaults: {
    waitForCapacityTimeout: "10m",
    healthCheckGracePeriod: 300,
    metricsGranularity: "1Minute",
    forceDelete: false,
  },
  async create(aws, args, operation) {
    const { autoscaling } = aws;
    const { name, tags, targetGroupArns, initialLifecycleHooks, suspendedProcesses, enabledMetrics } = args;
    const hooks = (initialLifecycleHooks ?? []).map((hook: Props) => {
      const { name: LifecycleHookName, notificationTargetArn, roleArn, ...rest } = hook;
      return { LifecycleHookName, NotificationTargetARN: notificationTargetArn, RoleARN: roleArn, ...pascal(rest) };
    });
    const body = {
      ...request(args),
      AutoScalingGroupName: name,
      MinSize: args.minSize,
      MaxSize: args.maxSize,
      TargetGroupARNs: targetGroupArns,
      LifecycleHookSpecificationList: hooks.length > 0 ? hooks : undefined,
      Tags: tagsOf(name, tags),
    };
    const profileMissing = (error: Error) =>
      /Invalid IamInstanceProfile|Invalid IAM Instance Profile/i.test(error.message);
    const wait = waiting(operation, "the instance profile to be seen", 120);
    await retryWhile(wait, profileMissing, () => autoscaling.createAutoScalingGroup(body));
    operation.created(name);
    if (suspendedProcesses)
      await autoscaling.suspendProcesses({ AutoScalingGroupName: name, ScalingProcesses: suspendedProcesses });
    if (enabledMetrics) {
      const metrics = { Metrics: enabledMetrics, Granularity: args.metricsGranularity };
      await autoscaling.enableMetricsCollection({ AutoScalingGroupName: name, ...metrics });
    }
    await untilCapacity(aws, name, args, false, operation);
    return name;
  },
  async read(aws, id, state) {
    const found = await find(aws, id);
    if (!found) return undefined;
    const {
      MinSize: minSize,
      MaxSize: maxSize,
      DesiredCapacity: desiredCapacity,
      HealthCheckType: healthCheckType,
    } = found;
    // Attachments of their own (aws:autoscaling/attachment) are no drift of the group.
    const targetGroups = state.targetGroupArns ? { targetGroupArns: found.TargetGroupARNs } : {};
    return { arn: found.AutoScalingGroupARN, minSize, maxSize, desiredCapacity, healthCheckType, ...targetGroups };
  },
  async update(aws, { id, olds, news, changed }, operation) {
    const { autoscaling } = aws;
    const AutoScalingGroupName = id;
    const body = request(news);
    // A size that did not change may have been set by somebody else (`aws autoscaling set-desired-capacity`): left alone.
    if (!changed.has("desiredCapacity")) delete body["DesiredCapacity"];
    await autoscaling.updateAutoScalingGroup({ AutoScalingGroupName, ...body });
    if (changed.has("tags")) {
      const kept = new Set((news.tags ?? []).map((tag: Props) => tag.key));
      const removed = tagsOf(
        id,
        (olds.tags ?? []).filter((tag: Props) => !kept.has(tag.key)),
      );
      if (removed.length > 0) await autoscaling.deleteTags({ Tags: removed });
      if (kept.size > 0) await autoscaling.createOrUpdateTags({ Tags: tagsOf(id, news.tags) });
    }
    if (changed.has("targetGroupArns")) {
      const [before, after]: string[][] = [olds.targetGroupArns ?? [], news.targetGroupArns ?? []];
      const [detached, attached] = [
        before!.filter((arn) => !after!.includes(arn)),
        after!.filter((arn) => !before!.includes(arn)),
      ];
      if (detached.length > 0) {
        await autoscaling.detachLoadBalancerTargetGroups({ AutoScalingGroupName, TargetGroupARNs: detached });
      }
      if (attached.length > 0) {
        await autoscaling.attachLoadBalancerTargetGroups({ AutoScalingGroupName, TargetGroupARNs: attached });
      }
    }
    if (changed.has("enabledMetrics")) {
      const now: string[] = news.enabledMetrics ?? [];
      const gone = (olds.enabledMetrics ?? []).filter((metric: string) => !now.includes(metric));
      const Granularity = news.metricsGranularity;
      if (gone.length > 0) await autoscaling.disableMetricsCollection({ AutoScalingGroupName, Metrics: gone });
      if (now.length > 0)
        await autoscaling.enableMetricsCollection({ AutoScalingGroupName, Metrics: now, Granularity });
    }
    if (changed.has("suspendedProcesses")) {
      await autoscaling.resumeProcesses({ AutoScalingGroupName, ScalingProcesses: olds.suspendedProcesses });
      await autoscaling.suspendProcesses({ AutoScalingGroupName, ScalingProcesses: news.suspendedProcesses });
    }
    const triggers = ["launchTemplate", "mixedInstancesPolicy", ...(news.instanceRefresh?.triggers ?? [])];
    if (news.instanceRefresh && triggers.some((name) => changed.has(name === "tag" ? "tags" : name))) {
      const { strategy: Strategy, preferences = {} } = news.instanceRefresh;
      const { instanceWarmup, ...rest } = preferences;
      const warmup = instanceWarmup === undefined ? {} : { InstanceWarmup: Number(instanceWarmup) };
      await autoscaling.startInstanceRefresh({
        AutoScalingGroupName,
        Strategy,
        Preferences: { ...pascal(rest), ...warmup },
      });
    }
    operation.created(id);
    const resized = ["desiredCapacity", "minSize", "maxSize"].some((name) => changed.has(name));
    if (resized || changed.size === 0) await untilCapacity(aws, id, news, changed.has("desiredCapacity"), operation);
  },
  async delete(aws, id, state, operation) {
    const { autoscaling } = aws;
    if (!(await find(aws, id))) return;
    if (!state.forceDelete) {
      await autoscaling.updateAutoScalingGroup({
        AutoScalingGroupName: id,
        MinSize: 0,
        MaxSize: 0,
        DesiredCapacity: 0,
      });
      await waitFor(waiting(operation, `the instances of ${id} to end`, 600), async () => {
        const left = (await find(aws, id))?.Instances?.length ?? 0;
        return left === 0 ? { done: true } : { state: `${left} left` };
      });
    }
    const busy = (error: Error) => /ResourceInUse|ScalingActivityInProgress/.test(error.name);
    const wait = waiting(operation, `${id} to be free`, 600);
    await retryWhile(wait, busy, () =>
      autoscaling.deleteAutoScalingGroup({ AutoScalingGroupName: id, ForceDelete: true }),
    );
    await waitFor(waiting(operation, `${id} to go`, 600), async () =>
      (await find(aws, id)) ? { state: "it is there" } : { done: true },
    );
  },
};

const attachment: ResourceModel<Aws> = {
  args: "autoscalingGroupName! lbTargetGroupArn!",
  async create({ autoscaling }, { autoscalingGroupName: AutoScalingGroupName, lbTargetGroupArn }) {
    await autoscaling.attachLoadBalancerTargetGroups({ AutoScalingGroupName, TargetGroupARNs: [lbTargetGroupArn] });
    return hashedId(`${AutoScalingGroupName}-`, lbTargetGroupArn);
  },
  async read(aws, _id, state) {
    const found = await find(aws, state.autoscalingGroupName);
    return found?.TargetGroupARNs?.includes(state.lbTargetGroupArn) ? {} : undefined;
  },
  async delete({ autoscaling }, _id, { autoscalingGroupName: AutoScalingGroupName, lbTargetGroupArn }) {
    const request = { AutoScalingGroupName, TargetGroupARNs: [lbTargetGroupArn] };
    await autoscaling.detachLoadBalancerTargetGroups(request).catch((error) => {
      if (!isGone(error) && !/not found|Trying to remove/i.test(error.message)) throw error;
    });
  },
};

const putHook = async ({ autoscaling }: Aws, { name, autoscalingGroupName, ...rest }: Props) =>
  void (await autoscaling.putLifecycleHook({
    ...{ LifecycleHookName: name, AutoScalingGroupName: autoscalingGroupName },
    ...pascal(rest),
  }));

const lifecycleHook: ResourceModel<Aws> = {
  args: "name! autoscalingGroupName! lifecycleTransition! defaultResult heartbeatTimeout",
  async create(aws, args) {
    await putHook(aws, args);
    return args.name;
  },
  async read({ autoscaling }, name, { autoscalingGroupName: AutoScalingGroupName }) {
    const { LifecycleHooks } = await autoscaling.describeLifecycleHooks({
      AutoScalingGroupName,
      LifecycleHookNames: [name],
    });
    return LifecycleHooks?.[0] && {};
  },
  update: (aws, { news }) => putHook(aws, news),
  async delete({ autoscaling }, LifecycleHookName, { autoscalingGroupName: AutoScalingGroupName }) {
    await unlessGone(autoscaling.deleteLifecycleHook({ AutoScalingGroupName, LifecycleHookName }));
  },
};

export const scalingResources: Record<string, ResourceModel<Aws>> = {
  "aws:autoscaling/lifecycleHook:LifecycleHook": lifecycleHook,
  "aws:autoscaling/group:Group": group,
  "aws:autoscaling/attachment:Attachment": attachment,
};

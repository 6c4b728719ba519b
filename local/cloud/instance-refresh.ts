import {
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  type AutoScalingGroup,
  type Instance,
} from "@aws-sdk/client-auto-scaling";
import { DescribeLaunchTemplateVersionsCommand } from "@aws-sdk/client-ec2";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerContext } from "./answers";
import { findGroup, isHealthy, isLeaving } from "./group-members";

export interface RefreshPreferences {
  readonly MinHealthyPercentage: number;
  /** Above 100, new instances are launched before old ones go. */
  readonly MaxHealthyPercentage: number;
  /** Seconds that a new instance is left alone after it is in service. */
  readonly InstanceWarmup: number;
  /** Leaves the instances that have the group's present template version already. */
  readonly SkipMatching: boolean;
}

export interface Refresh {
  readonly id: string;
  readonly group: string;
  readonly preferences: RefreshPreferences;
  readonly started: Date;
  ended?: Date;
  status: "Pending" | "InProgress" | "Successful" | "Failed" | "Cancelling" | "Cancelled";
  reason?: string;
  total: number;
  replaced: number;
}

interface Timing {
  readonly pollMs: number;
  /** How long one batch may take to be in service; EC2 Auto Scaling gives up after an hour. */
  readonly batchSeconds: number;
}

const members = ({ Instances = [] }: AutoScalingGroup): Instance[] => Instances.filter((each) => !isLeaving(each));

/** Instance refreshes: each replaces a group's instances batch by batch, by calls of the API that anybody could make. */
export class Refreshes {
  private readonly all: Refresh[] = [];

  constructor(
    private readonly context: AnswerContext,
    private readonly timing: Timing = { pollMs: 1000, batchSeconds: 3600 },
  ) {}

  /** The group's refreshes, newest first. */
  of(group: string): Refresh[] {
    return this.all.filter((refresh) => refresh.group === group);
  }

  /** Starts one, unless the group has one under way. */
  start(group: AutoScalingGroup, preferences: RefreshPreferences): Refresh | undefined {
    const name = group.AutoScalingGroupName!;
    if (this.active(name)) return undefined;
    const refresh: Refresh = {
      ...{ id: randomUUID(), group: name, preferences, started: new Date() },
      ...{ status: "Pending", total: 0, replaced: 0 },
    };
    this.all.unshift(refresh);
    void this.run(refresh)
      .then(() => this.end(refresh, refresh.status === "Cancelling" ? "Cancelled" : "Successful"))
      .catch((error: Error) => this.end(refresh, "Failed", error.message));
    return refresh;
  }

  /** Stops after the batch under way; what was replaced stays. */
  cancel(group: string): Refresh | undefined {
    const refresh = this.active(group);
    if (refresh !== undefined) refresh.status = "Cancelling";
    return refresh;
  }

  private active(group: string): Refresh | undefined {
    return this.of(group).find(({ status }) => ["Pending", "InProgress", "Cancelling"].includes(status));
  }

  private end(refresh: Refresh, status: Refresh["status"], reason?: string): void {
    Object.assign(refresh, { status, reason, ended: new Date() });
    this.context.log(`instance refresh of ${refresh.group}: ${status}${reason === undefined ? "" : ` (${reason})`}`);
  }

  private async run(refresh: Refresh): Promise<void> {
    const { preferences } = refresh;
    let group = await this.group(refresh);
    const version = await this.presentVersion(group);
    const old = members(group).filter(
      ({ LaunchTemplate }) => !preferences.SkipMatching || LaunchTemplate?.Version !== version,
    );
    refresh.total = old.length;
    if (refresh.status === "Pending") refresh.status = "InProgress";
    while (old.length > 0 && refresh.status === "InProgress") {
      group = await this.group(refresh);
      const spare = Math.floor(((group.DesiredCapacity ?? 0) * (100 - preferences.MinHealthyPercentage)) / 100);
      const batch = old.splice(0, Math.max(1, spare));
      await this.replace(refresh, group, batch, old);
      refresh.replaced += batch.length;
    }
  }

  private async replace(refresh: Refresh, group: AutoScalingGroup, batch: Instance[], old: Instance[]): Promise<void> {
    const { autoscaling } = this.context.clients;
    const launchFirst = refresh.preferences.MaxHealthyPercentage > 100;
    const AutoScalingGroupName = group.AutoScalingGroupName!;
    if (launchFirst) {
      const DesiredCapacity = (group.DesiredCapacity ?? 0) + batch.length;
      await autoscaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity }));
      await this.untilInService(refresh, [...batch, ...old]);
    }
    const present = new Set(members(await this.group(refresh)).map(({ InstanceId }) => InstanceId));
    for (const { InstanceId } of batch.filter((instance) => present.has(instance.InstanceId))) {
      const ShouldDecrementDesiredCapacity = launchFirst;
      await autoscaling.send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity }),
      );
    }
    this.context.hypervisor.poke();
    if (!launchFirst) await this.untilInService(refresh, old);
  }

  /** Waits until all but the `old` instances, which are still to go, are in service and warm. */
  private async untilInService(refresh: Refresh, old: Instance[]): Promise<void> {
    this.context.hypervisor.poke();
    const leaving = new Set(old.map(({ InstanceId }) => InstanceId));
    for (const end = Date.now() + this.timing.batchSeconds * 1000; Date.now() < end; await sleep(this.timing.pollMs)) {
      const group = await this.group(refresh);
      const fresh = members(group).filter(({ InstanceId }) => !leaving.has(InstanceId));
      if (fresh.every((instance) => isHealthy(this.context.hypervisor, group, instance))) {
        return sleep(refresh.preferences.InstanceWarmup * 1000);
      }
    }
    throw new Error(`New instances were not healthy in ${this.timing.batchSeconds} seconds.`);
  }

  private async group(refresh: Refresh): Promise<AutoScalingGroup> {
    const group = await findGroup(this.context.clients, refresh.group);
    if (group === undefined) throw new Error("The Auto Scaling group was deleted.");
    return group;
  }

  /** Number of the template version that the group launches now. */
  private async presentVersion(group: AutoScalingGroup): Promise<string> {
    const specification =
      group.LaunchTemplate ?? group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification;
    const { LaunchTemplateVersions } = await this.context.clients.ec2.send(
      new DescribeLaunchTemplateVersionsCommand({
        LaunchTemplateId: specification?.LaunchTemplateId,
        Versions: [specification?.Version ?? "$Default"],
      }),
    );
    return String(LaunchTemplateVersions?.[0]?.VersionNumber);
  }
}

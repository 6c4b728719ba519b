import type { RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import { cloud } from "../../tests/e2e/clients";
import { eventually, succeed } from "../../tests/e2e/support";
import { type Balancer, createBalancer } from "./balancer";
import { Made } from "./made";

const NAME = "golden-image";
const INSTANCES = 3;

/** As the stack's own load balancer gives its targets. */
const DRAIN_SECONDS = 30;

/** More than two boots take, one after the other, on a busy machine. */
const ROLL_SECONDS = 300;

/** Nothing that differs from version to version: that is in the image. */
const USER_DATA = Buffer.from("#cloud-config\n{}\n").toString("base64");

/** Instances of one machine image behind a load balancer of their own, beside the stack and in its network. */
export class Group {
  readonly #old = new Set<string>();

  private constructor(
    private readonly made: Made,
    private readonly balancer: Balancer,
    private readonly templateId: string,
  ) {}

  /** Resolves when all instances take requests. */
  static async create(imageId: string): Promise<Group> {
    const made = new Made();
    try {
      const options = { name: NAME, port: 3000, healthPath: "/health/ready", drainSeconds: DRAIN_SECONDS };
      const balancer = await createBalancer(made, options);
      const group = new Group(made, balancer, await createTemplate(made, imageId, balancer));
      await group.#launch();
      await group.#untilHealthy();
      return group;
    } catch (error) {
      await made.remove();
      throw error;
    }
  }

  get url(): string {
    return this.balancer.url;
  }

  /** Has the group be made of another image; resolves when it is, and no instance of the old one takes requests any more. */
  async roll(imageId: string): Promise<void> {
    const { autoscaling, ec2 } = await cloud();
    const old = await this.#members();
    old.forEach((id) => this.#old.add(id));
    const LaunchTemplateData = templateData(imageId, this.balancer);
    const template = { LaunchTemplateId: this.templateId };
    const { LaunchTemplateVersion } = await ec2.createLaunchTemplateVersion({ ...template, LaunchTemplateData });
    const LaunchTemplate = { ...template, Version: String(LaunchTemplateVersion!.VersionNumber) };
    await autoscaling.updateAutoScalingGroup({ AutoScalingGroupName: NAME, LaunchTemplate });
    const { InstanceRefreshId } = await autoscaling.startInstanceRefresh({
      AutoScalingGroupName: NAME,
      // New ones first, as the stack's own workers are replaced; and nothing to warm up once they are healthy.
      Preferences: { MinHealthyPercentage: 100, MaxHealthyPercentage: 150, InstanceWarmup: 0 },
    });
    await this.#untilRefreshed(InstanceRefreshId!);
    const healthy = await this.#untilHealthy();
    const left = healthy.filter((id) => old.includes(id));
    if (left.length > 0) throw new Error(`${NAME}: ${left.join(", ")} of the old image still take requests`);
  }

  /** Resolves when the hosts of all instances that were let go have ended. */
  async settle(): Promise<void> {
    for (const id of this.#old) {
      await eventually(`the host of ${id} ended`, 180, async () => {
        // Also has the cloud look who has drained for long enough.
        await this.#members();
        const filter = ["--filter", `label=cluster.local.instance=${id}`];
        if ((await succeed("docker", ["ps", "--quiet", ...filter])).trim() !== "") throw new Error("it runs");
      });
      this.#old.delete(id);
    }
  }

  /** Takes away all that belongs to it. */
  remove(): Promise<void> {
    return this.made.remove();
  }

  async #launch(): Promise<void> {
    const { autoscaling } = await cloud();
    const { AutoScalingGroups = [] } = await autoscaling.describeAutoScalingGroups({});
    const group = { AutoScalingGroupName: NAME };
    await autoscaling.createAutoScalingGroup({
      ...{ ...group, MinSize: INSTANCES, DesiredCapacity: INSTANCES, MaxSize: INSTANCES + 1 },
      // Where the stack's workers are.
      VPCZoneIdentifier: AutoScalingGroups[0]!.VPCZoneIdentifier,
      LaunchTemplate: { LaunchTemplateId: this.templateId, Version: "1" },
      TargetGroupARNs: [this.balancer.targetGroupArn],
      ...{ HealthCheckType: "ELB", HealthCheckGracePeriod: ROLL_SECONDS },
      Tags: [{ Key: "Name", Value: NAME, PropagateAtLaunch: true }],
    });
    this.made.note(NAME, () => autoscaling.deleteAutoScalingGroup({ ...group, ForceDelete: true }));
    // Auto Scaling lets a target drain before it ends the instance; the local cloud does when a hook holds it.
    const hook = { ...group, LifecycleHookName: "drain" };
    await autoscaling.putLifecycleHook({
      ...{ ...hook, LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING" },
      ...{ HeartbeatTimeout: DRAIN_SECONDS, DefaultResult: "CONTINUE" },
    });
    this.made.note(`hook of ${NAME}`, () => autoscaling.deleteLifecycleHook(hook));
  }

  async #members(): Promise<string[]> {
    const { autoscaling } = await cloud();
    const { AutoScalingGroups } = await autoscaling.describeAutoScalingGroups({ AutoScalingGroupNames: [NAME] });
    return (AutoScalingGroups?.[0]?.Instances ?? []).map(({ InstanceId }) => InstanceId!);
  }

  /** Gives those that take requests. */
  #untilHealthy(): Promise<string[]> {
    return eventually(`${INSTANCES} instances of ${NAME} healthy`, ROLL_SECONDS, async () => {
      const { elb } = await cloud();
      const { TargetHealthDescriptions = [] } = await elb.describeTargetHealth({
        TargetGroupArn: this.balancer.targetGroupArn,
      });
      const healthy = TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === "healthy");
      if (healthy.length !== INSTANCES) throw new Error(`${healthy.length} are`);
      return healthy.map(({ Target }) => Target!.Id!);
    });
  }

  async #untilRefreshed(id: string): Promise<void> {
    const request = { AutoScalingGroupName: NAME, InstanceRefreshIds: [id] };
    const { autoscaling } = await cloud();
    const status = await eventually(`${NAME} refreshed`, ROLL_SECONDS, async () => {
      const { Status } = (await autoscaling.describeInstanceRefreshes(request)).InstanceRefreshes![0]!;
      if (Status === "Pending" || Status === "InProgress") throw new Error(Status);
      return Status;
    });
    if (status !== "Successful") throw new Error(`${NAME}: the instance refresh ended as ${status}`);
  }
}

async function createTemplate(made: Made, imageId: string, balancer: Balancer): Promise<string> {
  const { ec2 } = await cloud();
  const LaunchTemplateData = templateData(imageId, balancer);
  const { LaunchTemplate } = await ec2.createLaunchTemplate({ LaunchTemplateName: NAME, LaunchTemplateData });
  const LaunchTemplateId = LaunchTemplate!.LaunchTemplateId!;
  made.note(`launch template ${NAME}`, () => ec2.deleteLaunchTemplate({ LaunchTemplateId }));
  return LaunchTemplateId;
}

const templateData = (ImageId: string, { targetSecurityGroupId }: Balancer): RequestLaunchTemplateData => ({
  ...{ ImageId, InstanceType: "t3.small", SecurityGroupIds: [targetSecurityGroupId], UserData: USER_DATA },
});

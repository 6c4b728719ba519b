import {
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DeleteLifecycleHookCommand,
  PutLifecycleHookCommand,
  RecordLifecycleActionHeartbeatCommand,
  TerminateInstanceInAutoScalingGroupCommand,
  CancelInstanceRefreshCommand,
  DescribeInstanceRefreshesCommand,
  SetDesiredCapacityCommand,
  SetInstanceHealthCommand,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
  type CreateAutoScalingGroupCommandInput,
  type Instance,
  type InstanceRefresh,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateTargetGroupCommand, DescribeTargetHealthCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { autoscalingAnswers } from "./answers-autoscaling";
import { elbAnswers } from "./answers-elb";
import { replaceUnhealthy } from "./group-health";
import { findGroup } from "./group-members";
import { Refreshes } from "./instance-refresh";
import { sendSpotNotice, spotAnswers, SpotNotices } from "./spot-notices";
import { makeNetwork, startTestCloud, type TestCloud, type TestNetwork } from "./testing";

jest.setTimeout(180_000);

let cloud: TestCloud;
let network: TestNetwork;
let templateId: string;
let targetGroup: string;
let notices: SpotNotices;

const templateData = (text: string) => ({
  ...{ ImageId: "ami-0deb1a12000000001", InstanceType: "t3.small" as const },
  UserData: Buffer.from(text).toString("base64"),
  SecurityGroupIds: [network.groupId],
  MetadataOptions: { HttpTokens: "required" as const },
});

beforeAll(async () => {
  cloud = await startTestCloud((context) => ({
    ...elbAnswers,
    ...autoscalingAnswers(new Refreshes(context, { pollMs: 20, batchSeconds: 20 })),
    ...spotAnswers((notices = new SpotNotices(context.log, 1))),
  }));
  network = await makeNetwork(cloud.moto);
  const { ec2, elb } = cloud.clients;
  const made = await ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName: "worker", LaunchTemplateData: templateData("first") }),
  );
  templateId = made.LaunchTemplate!.LaunchTemplateId!;
  const target = await elb.send(
    new CreateTargetGroupCommand({ Name: "web", Protocol: "HTTP", Port: 8080, VpcId: network.vpcId }),
  );
  targetGroup = target.TargetGroups![0]!.TargetGroupArn!;
});
afterAll(() => cloud?.stop());

afterEach(async () => {
  const input = { AutoScalingGroupName: "workers", ForceDelete: true };
  await cloud.clients.autoscaling.send(new DeleteAutoScalingGroupCommand(input)).catch(() => undefined);
  cloud.hypervisor.hosts.clear();
  cloud.hypervisor.health = () => [];
});

async function makeGroup(options: Partial<CreateAutoScalingGroupCommandInput> = {}): Promise<void> {
  await cloud.clients.autoscaling.send(
    new CreateAutoScalingGroupCommand({
      ...{ AutoScalingGroupName: "workers", MinSize: 1, MaxSize: 4, DesiredCapacity: 3 },
      VPCZoneIdentifier: network.subnets.join(","),
      ...(options.MixedInstancesPolicy ? {} : { LaunchTemplate: { LaunchTemplateId: templateId, Version: "$Latest" } }),
      Tags: [{ Key: "Role", Value: "worker", PropagateAtLaunch: true }],
      ...options,
    }),
  );
}

const group = async () => (await findGroup(cloud.clients, "workers"))!;
const members = async (): Promise<Instance[]> => (await group()).Instances ?? [];
const ids = async (): Promise<string[]> => (await members()).map(({ InstanceId }) => InstanceId!).sort();

/** Has instances wait before they end, until their host lets them go or says nothing for so long. */
const putHook = (HeartbeatTimeout: number) =>
  cloud.clients.autoscaling.send(
    new PutLifecycleHookCommand({
      ...{ AutoScalingGroupName: "workers", LifecycleHookName: "leave", HeartbeatTimeout, DefaultResult: "CONTINUE" },
      LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
    }),
  );

async function stateOf(id: string): Promise<string | undefined> {
  const { Reservations } = await cloud.clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

async function newVersion(text: string): Promise<string> {
  const { LaunchTemplateVersion } = await cloud.clients.ec2.send(
    new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: templateId, LaunchTemplateData: templateData(text) }),
  );
  return String(LaunchTemplateVersion!.VersionNumber);
}

async function registered(): Promise<string[]> {
  const answer = await cloud.clients.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup }));
  return answer.TargetHealthDescriptions!.map(({ Target }) => Target!.Id!).sort();
}

/** The group's newest refresh once it has ended. */
async function ended(): Promise<InstanceRefresh> {
  for (;;) {
    const answer = await cloud.clients.autoscaling.send(
      new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: "workers" }),
    );
    const refresh = answer.InstanceRefreshes![0]!;
    if (refresh.EndTime !== undefined) return refresh;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("instances are spread over the subnets, tagged, and launched from the newest template version", async () => {
  const version = await newVersion("second");
  await makeGroup();
  const { Reservations } = await cloud.clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: await ids() }));
  const instances = Reservations!.flatMap(({ Instances }) => Instances!);
  expect(instances.map(({ Placement }) => Placement!.AvailabilityZone).sort()).toEqual([
    "eu-west-1a",
    "eu-west-1a",
    "eu-west-1b",
  ]);
  for (const { InstanceId, Tags, MetadataOptions, SecurityGroups } of instances) {
    expect(Object.fromEntries(Tags!.map(({ Key, Value }) => [Key, Value]))).toEqual({
      Role: "worker",
      "aws:autoscaling:groupName": "workers",
      "aws:ec2launchtemplate:id": templateId,
      "aws:ec2launchtemplate:version": version,
    });
    expect(MetadataOptions?.HttpTokens).toBe("required");
    expect(SecurityGroups?.map(({ GroupId }) => GroupId)).toEqual([network.groupId]);
    const { UserData } = await cloud.clients.ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "userData" }),
    );
    expect(Buffer.from(UserData!.Value!, "base64").toString()).toBe("second");
  }
});

test("desired capacity is followed within the group's bounds, and target groups follow the instances", async () => {
  await makeGroup({ TargetGroupARNs: [targetGroup] });
  const { autoscaling } = cloud.clients;
  const desire = (DesiredCapacity: number) =>
    autoscaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: "workers", DesiredCapacity }));
  await desire(4);
  expect([(await ids()).length, await registered()]).toEqual([4, await ids()]);
  await desire(1);
  expect([(await ids()).length, await registered()]).toEqual([1, await ids()]);
  await expect(desire(5)).rejects.toMatchObject({
    name: "ValidationError",
    message: "New SetDesiredCapacity value 5 is above max value 4 for the AutoScalingGroup.",
  });
  await expect(desire(0)).rejects.toMatchObject({ name: "ValidationError" });
  await expect(
    autoscaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: "workers" })),
  ).rejects.toMatchObject({ name: "ResourceInUseFault" });
});

test("a mixed instances policy decides types and spot share, and an update of the size keeps it", async () => {
  await makeGroup({
    DesiredCapacity: 4,
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: { LaunchTemplateId: templateId, Version: "$Latest" },
        Overrides: [{ InstanceType: "t3.medium" }, { InstanceType: "t3a.medium" }],
      },
      InstancesDistribution: { OnDemandBaseCapacity: 1, OnDemandPercentageAboveBaseCapacity: 0 },
    },
  });
  const { Reservations } = await cloud.clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: await ids() }));
  const instances = Reservations!.flatMap(({ Instances }) => Instances!);
  expect(instances.map(({ InstanceType }) => InstanceType)).toEqual(Array(4).fill("t3.medium"));
  expect(instances.filter(({ InstanceLifecycle }) => InstanceLifecycle === "spot").length).toBe(3);
  await cloud.clients.autoscaling.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: "workers", DesiredCapacity: 2 }),
  );
  expect((await group()).MixedInstancesPolicy?.LaunchTemplate?.Overrides?.length).toBe(2);
  expect((await ids()).length).toBe(2);
});

test("an instance that is to end waits for its host to let it go, out of the target groups and of the capacity", async () => {
  await makeGroup({ DesiredCapacity: 2, TargetGroupARNs: [targetGroup] });
  await putHook(3600);
  const { autoscaling } = cloud.clients;
  await autoscaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: "workers", DesiredCapacity: 1 }));
  const leaving = (await members()).filter(({ LifecycleState }) => LifecycleState === "Terminating:Wait");
  expect(leaving).toHaveLength(1);
  const id = leaving[0]!.InstanceId!;
  expect([await registered(), await stateOf(id)]).toEqual([(await ids()).filter((each) => each !== id), "running"]);

  const action = { AutoScalingGroupName: "workers", LifecycleHookName: "leave", InstanceId: id };
  await autoscaling.send(new RecordLifecycleActionHeartbeatCommand(action));
  const complete = new CompleteLifecycleActionCommand({ ...action, LifecycleActionResult: "CONTINUE" });
  await autoscaling.send(complete);
  expect([await ids(), await stateOf(id)]).toEqual([await registered(), "terminated"]);
  await expect(autoscaling.send(complete)).rejects.toMatchObject({
    name: "ValidationError",
    message: `No active Lifecycle Action found with instance ID ${id}`,
  });
});

test("an instance that is to be replaced has a successor while it waits, and cannot be told to go twice", async () => {
  await makeGroup({ DesiredCapacity: 2 });
  await putHook(3600);
  const [id] = await ids();
  const terminate = new TerminateInstanceInAutoScalingGroupCommand({
    InstanceId: id,
    ShouldDecrementDesiredCapacity: false,
  });
  await cloud.clients.autoscaling.send(terminate);
  expect((await members()).map(({ LifecycleState }) => LifecycleState).sort()).toEqual([
    "InService",
    "InService",
    "Terminating:Wait",
  ]);
  await expect(cloud.clients.autoscaling.send(terminate)).rejects.toMatchObject({ name: "ValidationError" });
});

test("a host that says nothing holds up its group for the hook's time alone, and nobody for a hook that is gone", async () => {
  await makeGroup({ DesiredCapacity: 3 });
  const { autoscaling } = cloud.clients;
  const desire = (DesiredCapacity: number) =>
    autoscaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: "workers", DesiredCapacity }));
  await putHook(1);
  await desire(2);
  expect(await ids()).toHaveLength(3);
  while ((await ids()).length === 3) await new Promise((resolve) => setTimeout(resolve, 50));
  await putHook(3600);
  await desire(1);
  expect(await ids()).toHaveLength(2);
  await autoscaling.send(
    new DeleteLifecycleHookCommand({ AutoScalingGroupName: "workers", LifecycleHookName: "leave" }),
  );
  expect(await ids()).toHaveLength(1);
});

const spotOnly = () => ({
  DesiredCapacity: 2,
  MixedInstancesPolicy: {
    LaunchTemplate: { LaunchTemplateSpecification: { LaunchTemplateId: templateId, Version: "$Latest" } },
    InstancesDistribution: { OnDemandPercentageAboveBaseCapacity: 0 },
  },
});

test("a spot instance has notice, a successor at once where its group rebalances, and its end when the time is over", async () => {
  await makeGroup({ ...spotOnly(), CapacityRebalance: true });
  await putHook(3600);
  const [id] = await ids();
  await sendSpotNotice(cloud.clients.ec2, id!);
  expect(notices.endOf(id!)!.getTime()).toBeGreaterThan(Date.now() - 1_000);
  expect((await members()).map(({ LifecycleState }) => LifecycleState).sort()).toEqual([
    "InService",
    "InService",
    "Terminating:Wait",
  ]);
  while ((await stateOf(id!)) !== "terminated") await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await ids()).toHaveLength(2);
});

test("an instance that is no spot one, or does not exist, has no notice", async () => {
  await makeGroup({ DesiredCapacity: 1 });
  const [id] = await ids();
  await expect(sendSpotNotice(cloud.clients.ec2, id!)).rejects.toMatchObject({
    message: `The instance '${id}' is not a Spot Instance`,
  });
  await expect(sendSpotNotice(cloud.clients.ec2, "i-0123456789abcdef0")).rejects.toMatchObject({
    name: "InvalidInstanceID.NotFound",
  });
});

test("an instance is pending until its host runs", async () => {
  await makeGroup({ DesiredCapacity: 1 });
  const [id] = await ids();
  cloud.hypervisor.hosts.set(id!, "pending");
  expect((await members())[0]?.LifecycleState).toBe("Pending");
  cloud.hypervisor.hosts.set(id!, "running");
  expect((await members())[0]?.LifecycleState).toBe("InService");
});

test.each([100, 200])(
  "a refresh replaces every instance, one after another, at a maximum of %i percent",
  async (MaxHealthyPercentage) => {
    await makeGroup({ DesiredCapacity: 2 });
    const before = await ids();
    const version = await newVersion(`refresh ${MaxHealthyPercentage}`);
    const start = new StartInstanceRefreshCommand({
      AutoScalingGroupName: "workers",
      Preferences: { MinHealthyPercentage: 90, MaxHealthyPercentage, InstanceWarmup: 0 },
    });
    const { InstanceRefreshId } = await cloud.clients.autoscaling.send(start);
    await expect(cloud.clients.autoscaling.send(start)).rejects.toMatchObject({
      name: "InstanceRefreshInProgressFault",
    });
    expect(await ended()).toMatchObject({
      ...{ InstanceRefreshId, Status: "Successful", PercentageComplete: 100, InstancesToUpdate: 0 },
    });
    expect((await ids()).filter((id) => before.includes(id))).toEqual([]);
    expect((await members()).map(({ LaunchTemplate }) => LaunchTemplate?.Version)).toEqual([version, version]);
    expect((await group()).DesiredCapacity).toBe(2);
  },
);

test("a refresh takes no notice of the load balancer when the group's health is EC2's to judge", async () => {
  await makeGroup({ DesiredCapacity: 2, TargetGroupARNs: [targetGroup] });
  const before = await ids();
  await newVersion("not asked");
  cloud.hypervisor.health = () => [];
  await cloud.clients.autoscaling.send(
    new StartInstanceRefreshCommand({ AutoScalingGroupName: "workers", Preferences: { InstanceWarmup: 0 } }),
  );
  expect((await ended()).Status).toBe("Successful");
  expect((await ids()).filter((id) => before.includes(id))).toEqual([]);
});

test("a refresh waits for a load balancer that judges health, and a cancelled one leaves the instances it has not reached", async () => {
  await makeGroup({ DesiredCapacity: 2, TargetGroupARNs: [targetGroup], HealthCheckType: "ELB" });
  const before = await ids();
  await newVersion("cancelled");
  const { autoscaling } = cloud.clients;
  await autoscaling.send(new StartInstanceRefreshCommand({ AutoScalingGroupName: "workers" }));
  // The old instance is healthy, the new one is not: the refresh may not go on.
  cloud.hypervisor.health = () => before.map((targetId) => ({ targetId, port: 8080, state: "healthy" }));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await ids()).filter((id) => before.includes(id)).length).toBe(1);
  await autoscaling.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName: "workers" }));
  const present = await ids();
  cloud.hypervisor.health = () => present.map((targetId) => ({ targetId, port: 8080, state: "healthy" }));
  expect((await ended()).Status).toBe("Cancelled");
  expect(await ids()).toEqual(present);
  await expect(
    autoscaling.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName: "workers" })),
  ).rejects.toMatchObject({ name: "ActiveInstanceRefreshNotFoundFault" });
});

test("a refresh that may skip matching instances replaces none of the present version", async () => {
  await makeGroup({ DesiredCapacity: 2 });
  const before = await ids();
  await cloud.clients.autoscaling.send(
    new StartInstanceRefreshCommand({ AutoScalingGroupName: "workers", Preferences: { SkipMatching: true } }),
  );
  expect(await ended()).toMatchObject({ Status: "Successful", InstancesToUpdate: 0 });
  expect(await ids()).toEqual(before);
});

describe("instances are replaced", () => {
  const round = () => replaceUnhealthy({ clients: cloud.moto, hypervisor: cloud.hypervisor, log: () => undefined });

  test("when their host has ended", async () => {
    await makeGroup({ DesiredCapacity: 2 });
    const [first, second] = await ids();
    cloud.hypervisor.hosts.set(first!, "dead");
    await round();
    const after = await ids();
    expect([after.length, after.includes(first!), after.includes(second!)]).toEqual([2, false, true]);
  });

  test("when they were reported unhealthy", async () => {
    await makeGroup({ DesiredCapacity: 1 });
    const [InstanceId] = await ids();
    await cloud.clients.autoscaling.send(new SetInstanceHealthCommand({ InstanceId, HealthStatus: "Unhealthy" }));
    await round();
    expect(await ids()).not.toContain(InstanceId);
  });

  test("when a target group's check fails, for groups that ask the load balancer, after the grace period only", async () => {
    const unhealthy = async () => {
      const present = await ids();
      cloud.hypervisor.health = () => present.map((targetId) => ({ targetId, port: 8080, state: "unhealthy" }));
      await round();
      return (await ids()).filter((id) => present.includes(id)).length;
    };
    const TargetGroupARNs = [targetGroup];
    await makeGroup({ DesiredCapacity: 1, TargetGroupARNs, HealthCheckType: "ELB", HealthCheckGracePeriod: 60 });
    expect(await unhealthy()).toBe(1);
    const { autoscaling } = cloud.clients;
    const update = { AutoScalingGroupName: "workers", HealthCheckGracePeriod: 1 };
    await autoscaling.send(new UpdateAutoScalingGroupCommand({ ...update, HealthCheckType: "EC2" }));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await unhealthy()).toBe(1);
    await autoscaling.send(new UpdateAutoScalingGroupCommand({ ...update, HealthCheckType: "ELB" }));
    expect(await unhealthy()).toBe(0);
  });
});

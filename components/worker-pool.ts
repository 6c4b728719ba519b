import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { lifecycleHook } from "../hosts/settings";
import { encodeUserData, renderUserData } from "../hosts/user-data";
import type { ClusterFirewall } from "./cluster-firewall";
import type { ClusterSecrets } from "./cluster-secrets";
import { METADATA_OPTIONS } from "./instance-metadata";
import { createInstanceProfile } from "./instance-role";
import type { LogGroups } from "./log-groups";
import { findMachineImage, type MachineImage } from "./machine-image";
import type { Network } from "./network";
import { discoverServers, leaveGroup, pullImages, putMetrics } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import { createSecurityGroup } from "./security-rules";
import type { HostSoftware } from "./server-cluster";
import type { Rollout } from "./server-rollout";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface WorkerPoolArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  readonly network: Network;
  readonly firewall: ClusterFirewall;
  readonly secrets: ClusterSecrets;
  readonly logs: LogGroups;
  /** The pool's name, which is its workers' Nomad node class. */
  readonly nodeClass: string;
  readonly min: number;
  readonly max: number;
  /** How many workers at first; later it is the autoscaling group's to know. */
  readonly desired: number;
  /** What the need of the pool is kept at, in percent of its workers' CPU or memory; 0: by nobody. Takes monitoring. */
  readonly needPercent: number;
  /** One or more; with several, AWS picks what it has. */
  readonly instanceTypes: readonly string[];
  /** Share of workers on spot capacity, 0 to 100. */
  readonly spotPercent: number;
  readonly image: MachineImage;
  readonly rootVolumeGiB: number;
  readonly servers: number;
  readonly software: HostSoftware;
  /** Repositories that workers may pull from. */
  readonly repositoryArns: readonly pulumi.Input<string>[];
  /** Encrypts workers' disks instead of the account's default key. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
  /** Whether workers tell CloudWatch each minute how they are. */
  readonly monitoring: boolean;
  /** Decides when it is the workers' turn to become others. */
  readonly rollout: Rollout;
}

/**
 * How long a worker that is to end may be silent. While it moves its work to others it says every 20 s that it is at it; one that has died
 * holds up its group for no longer than this.
 */
const LEAVE_SILENCE_SECONDS = 120;

/** Time for a worker to boot and join before its silence counts. */
const HEALTH_GRACE_SECONDS = 300;

/** Time for a worker to boot and join, before what it adds can be seen in the pool's need. */
const WARM_UP_SECONDS = 180;

/** Workers of one kind: an autoscaling group over the private subnets, whose members join the cluster by themselves. */
export class WorkerPool extends pulumi.ComponentResource {
  readonly nodeClass: string;
  /** Rules for this pool alone are added to it; membership in the cluster comes from the firewall's own group. */
  readonly securityGroup: aws.ec2.SecurityGroup;
  readonly group: aws.autoscaling.Group;

  constructor(name: string, args: WorkerPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:WorkerPool", name, recordedInputs(args), opts);
    this.nodeClass = args.nodeClass;
    const tags = resourceTags(args.identity, "workers", `worker-${args.nodeClass}`);

    this.securityGroup = createSecurityGroup(
      name,
      { vpcId: args.network.vpc.id, description: `Workers of the pool ${args.nodeClass}`, tags },
      this,
    );
    const groupName = `${args.identity.cluster}-${name}`;
    const template = this.#createTemplate(name, groupName, args, tags);
    this.group = this.#createGroup(name, groupName, args, template, tags);
    // A resource of its own: with the whole stack it goes before the group does, which then waits for nobody.
    new aws.autoscaling.LifecycleHook(
      name,
      {
        name: lifecycleHook,
        autoscalingGroupName: this.group.name,
        lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
        heartbeatTimeout: LEAVE_SILENCE_SECONDS,
        defaultResult: "CONTINUE",
      },
      { parent: this },
    );

    if (args.monitoring && args.needPercent > 0 && args.min < args.max) this.#scaleByNeed(name, args);

    this.registerOutputs({ groupName: this.group.name });
  }

  /** More workers when what runs and what waits for room needs them; fewer when it has not for a quarter of an hour. */
  #scaleByNeed(name: string, args: WorkerPoolArgs): void {
    new aws.autoscaling.Policy(
      name,
      {
        autoscalingGroupName: this.group.name,
        policyType: "TargetTrackingScaling",
        estimatedInstanceWarmup: WARM_UP_SECONDS,
        targetTrackingConfiguration: {
          targetValue: args.needPercent,
          customizedMetricSpecification: {
            namespace: args.identity.cluster,
            metricName: "Need",
            metricDimensions: [{ name: "Pool", value: args.nodeClass }],
            statistic: "Average",
          },
        },
      },
      { parent: this },
    );
  }

  #createTemplate(
    name: string,
    groupName: string,
    args: WorkerPoolArgs,
    tags: Record<string, string>,
  ): aws.ec2.LaunchTemplate {
    const image = findMachineImage(args.image, this);
    const profile = createInstanceProfile(
      name,
      {
        statements: [
          discoverServers(args.region),
          ...args.secrets.readStatements("workers"),
          ...pullImages(args.repositoryArns),
          leaveGroup(args.region, groupName),
          args.logs.statement,
          ...(args.monitoring ? [putMetrics(args.identity.cluster)] : []),
        ],
        tags,
      },
      this,
    );
    const userData = renderUserData({
      role: "worker",
      cluster: args.identity.cluster,
      region: args.region,
      nodeClass: args.nodeClass,
      group: groupName,
      servers: args.servers,
      secretsPath: args.secrets.paths.workers,
      logGroups: args.logs.path,
      monitoring: args.monitoring,
      ...args.software,
    });
    return new aws.ec2.LaunchTemplate(
      name,
      {
        imageId: image.id,
        instanceType: args.instanceTypes[0],
        iamInstanceProfile: { arn: profile.arn },
        vpcSecurityGroupIds: [args.firewall.workers.id, this.securityGroup.id],
        metadataOptions: METADATA_OPTIONS,
        blockDeviceMappings: [
          {
            deviceName: image.rootDeviceName,
            ebs: {
              volumeType: "gp3",
              volumeSize: args.rootVolumeGiB,
              encrypted: "true",
              kmsKeyId: args.encryptionKeyArn,
              deleteOnTermination: "true",
            },
          },
        ],
        tagSpecifications: [{ resourceType: "volume", tags }],
        // Agents of workers are never newer than those of the servers.
        userData: args.rollout.finished().then(() => encodeUserData(userData)),
        updateDefaultVersion: true,
        tags,
      },
      { parent: this },
    );
  }

  #createGroup(
    name: string,
    groupName: string,
    args: WorkerPoolArgs,
    template: aws.ec2.LaunchTemplate,
    tags: Record<string, string>,
  ): aws.autoscaling.Group {
    const version = template.latestVersion.apply(String);
    const mixed = args.spotPercent > 0 || args.instanceTypes.length > 1;
    const hostTags = { ...tags, Role: "worker" };
    return new aws.autoscaling.Group(
      name,
      {
        // Workers and their role know the group by this name before it exists.
        name: groupName,
        minSize: args.min,
        maxSize: args.max,
        desiredCapacity: args.desired,
        vpcZoneIdentifiers: args.network.privateSubnetIds,
        // Not the load balancer's opinion: one bad version of the edge proxy would cost every worker. Servers report who is lost.
        healthCheckType: "EC2",
        healthCheckGracePeriod: HEALTH_GRACE_SECONDS,
        ...(mixed
          ? {
              mixedInstancesPolicy: {
                launchTemplate: {
                  launchTemplateSpecification: { launchTemplateId: template.id, version },
                  overrides: args.instanceTypes.map((instanceType) => ({ instanceType })),
                },
                instancesDistribution: {
                  onDemandPercentageAboveBaseCapacity: 100 - args.spotPercent,
                  spotAllocationStrategy: "price-capacity-optimized",
                },
              },
            }
          : { launchTemplate: { id: template.id, version } }),
        // Auto Scaling tells CloudWatch of them for nothing.
        ...(args.monitoring ? { enabledMetrics: ["GroupDesiredCapacity", "GroupInServiceInstances"] } : {}),
        // A spot worker that is likely to be taken is replaced before it is.
        capacityRebalance: args.spotPercent > 0,
        // New workers are up before old ones go.
        instanceRefresh: {
          strategy: "Rolling",
          preferences: { minHealthyPercentage: 100, maxHealthyPercentage: 150, instanceWarmup: "60" },
        },
        tags: Object.entries(hostTags).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
      },
      {
        parent: this,
        // Scaling is done by the API, by people and by alarms; load balancers attach themselves.
        ignoreChanges: ["desiredCapacity", "targetGroupArns"],
        dependsOn: [...args.network.egress, ...args.secrets.parameters.workers],
      },
    );
  }
}

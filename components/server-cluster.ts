import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { encodeUserData, type Release, renderUserData } from "../hosts/user-data";
import type { ApiLoadBalancer } from "./api-load-balancer";
import type { Backups } from "./backups";
import type { ClusterFirewall } from "./cluster-firewall";
import type { ClusterSecrets } from "./cluster-secrets";
import { METADATA_OPTIONS } from "./instance-metadata";
import { createInstanceProfile } from "./instance-role";
import type { LogGroups } from "./log-groups";
import { findMachineImage, type MachineImage } from "./machine-image";
import type { Network } from "./network";
import { discoverServers, putMetrics, reportLostWorkers } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import type { Rollout } from "./server-rollout";
import { autoJoinTag, type ClusterIdentity, resourceTags } from "./tags";

/** What every host of a cluster installs. */
export interface HostSoftware {
  readonly datacenter: string;
  readonly nomad: Release;
  readonly consul: Release;
  /** Where releases are downloaded from, without a trailing slash. */
  readonly releasesUrl: string;
}

export interface ServerClusterArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  readonly network: Network;
  readonly firewall: ClusterFirewall;
  readonly secrets: ClusterSecrets;
  readonly backups: Backups;
  readonly logs: LogGroups;
  /** What operators reach the servers through. */
  readonly api: ApiLoadBalancer;
  /** 1, 3 or 5. */
  readonly count: number;
  readonly instanceType: string;
  readonly image: MachineImage;
  readonly volumeGiB: number;
  readonly software: HostSoftware;
  /** Refuses to delete the data volumes. */
  readonly protect: boolean;
  /** Encrypts the disks instead of the account's default key. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
  /** Whether servers tell CloudWatch each minute how they are. */
  readonly monitoring: boolean;
  /** Decides when a server that has to be another may be replaced. */
  readonly rollout: Rollout;
}

/** One server: an instance, and what outlives it, its disk and its address. */
export interface Server {
  readonly instance: aws.ec2.Instance;
  readonly dataVolume: aws.ebs.Volume;
  readonly attachment: aws.ec2.VolumeAttachment;
}

const shortName = (index: number): string => `server-${index + 1}`;

/** What a server's tag `Name` says. */
const serverName = (identity: ClusterIdentity, index: number): string => `${identity.cluster}-${shortName(index)}`;

/**
 * The Consul and Nomad servers, dealt out to the zones, each with a data volume and a network interface that survive its instance: a
 * replaced server comes back with the Raft state and at the address that it left, which to the others is no more than a restart.
 */
export class ServerCluster extends pulumi.ComponentResource {
  readonly servers: readonly Server[];
  /** Known once the servers' APIs have them behind them. */
  readonly attached: readonly pulumi.Output<string>[];

  constructor(name: string, args: ServerClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:ServerCluster", name, recordedInputs(args), opts);

    const profile = createInstanceProfile(
      name,
      {
        statements: [
          discoverServers(args.region),
          ...args.secrets.readStatements("servers"),
          ...args.backups.statements,
          reportLostWorkers(args.region, args.identity.cluster),
          args.logs.statement,
          ...(args.monitoring ? [putMetrics(args.identity.cluster)] : []),
        ],
        tags: resourceTags(args.identity, "servers", name),
      },
      this,
    );
    const image = findMachineImage(args.image, this);
    this.servers = Array.from({ length: args.count }, (_, index) =>
      this.#createServer(`${name}-${index + 1}`, index, args, image.id, profile),
    );
    this.attached = this.servers.map(({ instance, attachment }, index) => {
      const behindApi = args.api.attach(`${name}-${index + 1}`, instance, this);
      return pulumi
        .all([instance.id, instance.privateIp, attachment.id, ...behindApi.map(({ id }) => id)])
        .apply(([id, ip]) => (args.rollout.made(serverName(args.identity, index), { id: id!, ip: ip! }), id!));
    });

    this.registerOutputs({ instanceIds: this.servers.map((server) => server.instance.id) });
  }

  #createServer(
    name: string,
    index: number,
    args: ServerClusterArgs,
    ami: pulumi.Output<string>,
    profile: aws.iam.InstanceProfile,
  ): Server {
    const { network, identity, software } = args;
    const zone = network.zoneOf(index);
    const tags = resourceTags(identity, "servers", shortName(index), { Role: "server" });

    const dataVolume = new aws.ebs.Volume(
      `${name}-data`,
      {
        availabilityZone: zone.privateSubnet.availabilityZone,
        type: "gp3",
        size: args.volumeGiB,
        encrypted: true,
        kmsKeyId: args.encryptionKeyArn,
        tags: resourceTags(identity, "servers", `${shortName(index)}-data`),
      },
      // Another key or zone means another volume, an empty one: a volume stays with the key and where it was made.
      { parent: this, protect: args.protect, ignoreChanges: ["kmsKeyId", "availabilityZone"] },
    );
    const userDataBase64 = pulumi.all([dataVolume.id, args.backups.bucket.id]).apply(async ([dataVolumeId, bucket]) => {
      const userData = encodeUserData(
        renderUserData({
          role: "server",
          name: shortName(index),
          cluster: identity.cluster,
          region: args.region,
          servers: args.count,
          secretsPath: args.secrets.paths.servers,
          logGroups: args.logs.path,
          dataVolumeId,
          backups: { bucket, everyMinutes: args.backups.everyMinutes },
          monitoring: args.monitoring,
          ...software,
        }),
      );
      await args.rollout.turn({ name: serverName(identity, index), userData, instanceType: args.instanceType });
      return userData;
    });
    const networkInterface = new aws.ec2.NetworkInterface(
      name,
      {
        // A server lives where its disk is, whatever zones have come since.
        subnetId: network.privateSubnetIdIn(dataVolume.availabilityZone),
        securityGroups: [args.firewall.servers.id],
        description: `${identity.cluster} ${shortName(index)}`,
        tags: resourceTags(identity, "servers", shortName(index)),
      },
      { parent: this },
    );
    const instance = new aws.ec2.Instance(
      name,
      {
        ami,
        instanceType: args.instanceType,
        primaryNetworkInterface: { networkInterfaceId: networkInterface.id },
        iamInstanceProfile: profile.name,
        metadataOptions: METADATA_OPTIONS,
        rootBlockDevice: {
          volumeType: "gp3",
          encrypted: true,
          kmsKeyId: args.encryptionKeyArn,
          deleteOnTermination: true,
          tags,
        },
        userDataBase64,
        userDataReplaceOnChange: true,
        tags: { ...tags, ...autoJoinTag(identity) },
      },
      {
        parent: this,
        // Disk and address go with the server: the old instance has to let go of them before the new one can have them.
        deleteBeforeReplace: true,
        // In place, it would be stopped and started; a server that comes back as another instance can be told from the one that went.
        replaceOnChanges: ["instanceType"],
        // A newer image or another key is taken when a server is replaced for another reason, not by itself.
        ignoreChanges: ["ami", "rootBlockDevice.kmsKeyId"],
        dependsOn: [...network.egress, ...args.secrets.parameters.servers],
      },
    );
    const attachment = new aws.ec2.VolumeAttachment(
      `${name}-data`,
      { deviceName: "/dev/sdf", instanceId: instance.id, volumeId: dataVolume.id, stopInstanceBeforeDetaching: true },
      { parent: this, deleteBeforeReplace: true },
    );
    return { instance, dataVolume, attachment };
  }
}

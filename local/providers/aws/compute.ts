import type { Operation, ResourceModel } from "../model";
import { retryWhile, waitFor } from "../wait";
import type { Props } from "../wire";
import { pascal, tagged, taggers, tagList, unlessGone, waiting, withTags, type Aws } from "./context";

const disk = "volumeSize volumeType iops throughput encrypted! kmsKeyId! deleteOnTermination tags";

export const describeInstance = async ({ ec2 }: Aws, id: string) =>
  (await unlessGone(ec2.describeInstances({ InstanceIds: [id] })))?.Reservations?.[0]?.Instances?.[0];

export const untilInstance = (aws: Aws, id: string, wanted: string, operation: Operation) =>
  waitFor(waiting(operation, `the instance ${id} to be ${wanted}`, 600), async () => {
    const found = await describeInstance(aws, id);
    const state = found?.State?.Name ?? "terminated";
    if (state === wanted) return { done: found };
    if (state === "terminated")
      throw new Error(`the instance ${id} ended: ${found?.StateReason?.Message ?? "it is gone"}`);
    return { state };
  });

/** IAM takes a moment to show a new instance profile to EC2. */
const profileMissing = (error: Error) => /Invalid IAM Instance Profile/i.test(error.message);

const ebs = ({ deviceName, tags: _tags, ...rest }: Props) => ({ DeviceName: deviceName, Ebs: pascal(rest) });

async function rootDevice({ ec2 }: Aws, ami: string): Promise<string> {
  return (await ec2.describeImages({ ImageIds: [ami] })).Images?.[0]?.RootDeviceName ?? "/dev/xvda";
}

const instance: ResourceModel<Aws> = {
  args:
    "ami! availabilityZone! subnetId! keyName! privateIp! associatePublicIpAddress! tenancy! hibernation! instanceType " +
    "vpcSecurityGroupIds iamInstanceProfile userData userDataBase64 userDataReplaceOnChange monitoring ebsOptimized " +
    "disableApiTermination disableApiStop instanceInitiatedShutdownBehavior sourceDestCheck " +
    "primaryNetworkInterface!{networkInterfaceId} " +
    "creditSpecification{cpuCredits} " +
    "metadataOptions{httpEndpoint httpTokens httpPutResponseHopLimit instanceMetadataTags httpProtocolIpv6} " +
    `rootBlockDevice{${disk}} ebsBlockDevices!{deviceName snapshotId ${disk}}`,
  defaults: { userDataReplaceOnChange: false },
  volatile: { publicIp: ["instanceType"], publicDns: ["instanceType"] },
  replaces: (path, news) => path.startsWith("userData") && news.userDataReplaceOnChange === true,
  async create(aws, args, operation) {
    const { ec2 } = aws;
    const { ami, rootBlockDevice, ebsBlockDevices = [], associatePublicIpAddress: open, iamInstanceProfile } = args;
    const { subnetId, privateIp, vpcSecurityGroupIds, userData, userDataBase64, availabilityZone, tenancy } = args;
    const {
      instanceType,
      keyName,
      metadataOptions,
      creditSpecification,
      ebsOptimized,
      instanceInitiatedShutdownBehavior,
    } = args;
    const devices = ebsBlockDevices.map(ebs);
    if (rootBlockDevice) devices.unshift(ebs({ deviceName: await rootDevice(aws, ami), ...rootBlockDevice }));
    const volumeTags = tagList({ ...args.tagsAll, ...rootBlockDevice?.tags });
    const face = { SubnetId: subnetId, PrivateIpAddress: privateIp };
    const given = args.primaryNetworkInterface?.networkInterfaceId;
    const request = {
      ...pascal({
        instanceType,
        keyName,
        metadataOptions,
        creditSpecification,
        ebsOptimized,
        instanceInitiatedShutdownBehavior,
      }),
      ImageId: ami,
      MinCount: 1,
      MaxCount: 1,
      // A public address on request exists only in the form with a network interface, which then holds the groups.
      ...(given !== undefined
        ? { NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: given }] }
        : open === undefined
          ? { ...face, SecurityGroupIds: vpcSecurityGroupIds }
          : {
              NetworkInterfaces: [
                { DeviceIndex: 0, ...face, Groups: vpcSecurityGroupIds, AssociatePublicIpAddress: open },
              ],
            }),
      IamInstanceProfile: iamInstanceProfile && { Name: iamInstanceProfile },
      UserData: userDataBase64 ?? (userData === undefined ? undefined : Buffer.from(userData).toString("base64")),
      DisableApiTermination: args.disableApiTermination,
      Monitoring: args.monitoring === undefined ? undefined : { Enabled: args.monitoring },
      Placement: availabilityZone || tenancy ? { AvailabilityZone: availabilityZone, Tenancy: tenancy } : undefined,
      BlockDeviceMappings: devices.length > 0 ? devices : undefined,
      TagSpecifications: [
        ...(tagged("instance", args) ?? []),
        ...(volumeTags.length > 0 ? [{ ResourceType: "volume" as const, Tags: volumeTags }] : []),
      ],
    };
    const wait = waiting(operation, "the instance profile to be seen", 120);
    const id = (await retryWhile(wait, profileMissing, () => ec2.runInstances(request))).Instances![0]!.InstanceId!;
    operation.created(id);
    await untilInstance(aws, id, "running", operation);
    if (args.sourceDestCheck === false)
      await ec2.modifyInstanceAttribute({ InstanceId: id, SourceDestCheck: { Value: false } });
    return id;
  },
  async read(aws, id, state) {
    const found = await describeInstance(aws, id);
    if (!found || found.State?.Name === "terminated") return undefined;
    const root = found.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === found.RootDeviceName);
    return {
      arn: `arn:aws:ec2:${aws.region}:${await aws.account()}:instance/${id}`,
      availabilityZone: found.Placement?.AvailabilityZone,
      instanceState: found.State?.Name,
      privateIp: found.PrivateIpAddress,
      privateDns: found.PrivateDnsName,
      publicIp: found.PublicIpAddress ?? "",
      publicDns: found.PublicDnsName ?? "",
      subnetId: found.SubnetId,
      primaryNetworkInterfaceId: found.NetworkInterfaces?.[0]?.NetworkInterfaceId,
      ...(root
        ? { rootBlockDevice: { ...state.rootBlockDevice, deviceName: root.DeviceName, volumeId: root.Ebs?.VolumeId } }
        : {}),
    };
  },
  update: updateInstance,
  async delete(aws, id, state, operation) {
    if (!(await describeInstance(aws, id))) return;
    if (state.disableApiTermination) throw new Error(`the instance ${id} is protected by disableApiTermination`);
    await unlessGone(aws.ec2.terminateInstances({ InstanceIds: [id] }));
    await waitFor(waiting(operation, `the instance ${id} to end`, 1200), async () => {
      const state = (await describeInstance(aws, id))?.State?.Name ?? "terminated";
      return state === "terminated" ? { done: true } : { state };
    });
  },
};

async function updateInstance(
  aws: Aws,
  { id, news, state, changed }: { id: string; news: Props; state: Props; changed: ReadonlySet<string> },
  operation: Operation,
): Promise<void> {
  const { ec2 } = aws;
  const InstanceId = id;
  if (changed.has("vpcSecurityGroupIds")) {
    await ec2.modifyInstanceAttribute({ InstanceId, Groups: news.vpcSecurityGroupIds });
  }
  if (changed.has("metadataOptions")) {
    await ec2.modifyInstanceMetadataOptions({ InstanceId, ...pascal(news.metadataOptions ?? {}) });
  }
  for (const argument of ["sourceDestCheck", "disableApiTermination", "disableApiStop"] as const) {
    if (!changed.has(argument)) continue;
    const member = argument[0]!.toUpperCase() + argument.slice(1);
    const standard = argument === "sourceDestCheck";
    await ec2.modifyInstanceAttribute({ InstanceId, [member]: { Value: news[argument] ?? standard } });
  }
  if (changed.has("iamInstanceProfile")) await swapProfile(aws, id, news.iamInstanceProfile);
  if (changed.has("rootBlockDevice")) {
    const { volumeSize, volumeType, iops, throughput, tags } = news.rootBlockDevice ?? {};
    const VolumeId = state.rootBlockDevice?.volumeId;
    await ec2.modifyVolume({ VolumeId, Size: volumeSize, ...pascal({ volumeType, iops, throughput }) });
    if (tags) await taggers.ec2(aws, VolumeId, tags, []);
  }
  if (changed.has("monitoring")) {
    await (news.monitoring
      ? ec2.monitorInstances({ InstanceIds: [id] })
      : ec2.unmonitorInstances({ InstanceIds: [id] }));
  }
  const userData = changed.has("userData") || changed.has("userDataBase64");
  if (userData || changed.has("instanceType")) {
    await ec2.stopInstances({ InstanceIds: [id] });
    await untilInstance(aws, id, "stopped", operation);
    if (changed.has("instanceType")) {
      await ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: news.instanceType } });
    }
    if (userData) {
      const Value = news.userDataBase64 ? Buffer.from(news.userDataBase64, "base64") : Buffer.from(news.userData ?? "");
      await ec2.modifyInstanceAttribute({ InstanceId, UserData: { Value } });
    }
    await ec2.startInstances({ InstanceIds: [id] });
  }
  await untilInstance(aws, id, "running", operation);
}

async function swapProfile({ ec2 }: Aws, id: string, profile: string | undefined): Promise<void> {
  const Filters = [{ Name: "instance-id", Values: [id] }];
  const held = (await ec2.describeIamInstanceProfileAssociations({ Filters })).IamInstanceProfileAssociations?.[0];
  const AssociationId = held?.AssociationId;
  const IamInstanceProfile = { Name: profile };
  if (AssociationId && profile) await ec2.replaceIamInstanceProfileAssociation({ AssociationId, IamInstanceProfile });
  else if (AssociationId) await ec2.disassociateIamInstanceProfile({ AssociationId });
  else if (profile) await ec2.associateIamInstanceProfile({ InstanceId: id, IamInstanceProfile });
}

const keyPair: ResourceModel<Aws> = {
  args: "keyName! keyNamePrefix! publicKey!",
  autoname: { property: "keyName", maxLength: 255 },
  async create({ ec2 }, args) {
    const PublicKeyMaterial = Buffer.from(args.publicKey.trim());
    await ec2.importKeyPair({ KeyName: args.keyName, PublicKeyMaterial, TagSpecifications: tagged("key-pair", args) });
    return args.keyName;
  },
  async read(aws, id) {
    const found = (await unlessGone(aws.ec2.describeKeyPairs({ KeyNames: [id] })))?.KeyPairs?.[0];
    if (!found) return undefined;
    const arn = `arn:aws:ec2:${aws.region}:${await aws.account()}:key-pair/${id}`;
    return { arn, fingerprint: found.KeyFingerprint, keyPairId: found.KeyPairId, keyType: found.KeyType };
  },
  delete: async ({ ec2 }, id) => void (await unlessGone(ec2.deleteKeyPair({ KeyName: id }))),
};

export const computeResources: Record<string, ResourceModel<Aws>> = {
  "aws:ec2/instance:Instance": withTags(instance, taggers.ec2),
  "aws:ec2/keyPair:KeyPair": withTags(keyPair, taggers.ec2, (_id, state) => state.keyPairId),
};

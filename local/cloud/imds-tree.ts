import type { Instance, Subnet, Vpc } from "@aws-sdk/client-ec2";

/** What the metadata of an instance is made from. */
export interface InstanceFacts {
  readonly instance: Instance;
  readonly subnet?: Subnet;
  readonly vpc?: Vpc;
  /** The public key of its key pair. */
  readonly publicKey?: string;
  /** Name and profile of its role, with credentials that are good for at least some minutes. */
  readonly role?: {
    readonly name: string;
    readonly profileArn: string;
    readonly profileId: string;
    readonly credentials: string;
  };
  readonly lifecycleState?: string;
  /** When EC2 takes its spot capacity back, once it has said so. */
  readonly spotEnd?: Date;
  readonly accountId: string;
  readonly region: string;
}

/** Everything below `meta-data/`, by path. A directory is what paths have in common. */
export function metadata(facts: InstanceFacts): Map<string, string> {
  const { instance, role, region } = facts;
  const end = facts.spotEnd && timestamp(facts.spotEnd);
  const tags = instance.MetadataOptions?.InstanceMetadataTags === "enabled" ? (instance.Tags ?? []) : [];
  const entries: [string, string | undefined][] = [
    ["ami-id", instance.ImageId],
    ["ami-launch-index", String(instance.AmiLaunchIndex ?? 0)],
    ["ami-manifest-path", "(unknown)"],
    ["hostname", instance.PrivateDnsName],
    ["instance-action", "none"],
    ["instance-id", instance.InstanceId],
    ["instance-life-cycle", instance.InstanceLifecycle ?? "on-demand"],
    ["instance-type", instance.InstanceType],
    ["local-hostname", instance.PrivateDnsName],
    ["local-ipv4", instance.PrivateIpAddress],
    ["mac", instance.NetworkInterfaces?.[0]?.MacAddress],
    ["placement/availability-zone", instance.Placement?.AvailabilityZone],
    ["placement/region", region],
    ["profile", "default-hvm"],
    ["public-hostname", instance.PublicDnsName || undefined],
    ["public-ipv4", instance.PublicIpAddress],
    ["security-groups", instance.SecurityGroups?.map(({ GroupName }) => GroupName).join("\n")],
    ["services/domain", "amazonaws.com"],
    ["services/partition", "aws"],
    ["autoscaling/target-lifecycle-state", facts.lifecycleState],
    ["spot/instance-action", end && JSON.stringify({ action: "terminate", time: end })],
    ["spot/termination-time", end],
    ["public-keys/0/openssh-key", facts.publicKey],
    ...interfaceEntries(facts),
    ...tags
      .filter(({ Key }) => Key !== undefined && !Key.includes("/"))
      .map(({ Key, Value }): [string, string | undefined] => [`tags/instance/${Key}`, Value ?? ""]),
  ];
  if (role !== undefined) {
    const info = { Code: "Success", LastUpdated: timestamp(new Date()), InstanceProfileArn: role.profileArn };
    entries.push(["iam/info", JSON.stringify({ ...info, InstanceProfileId: role.profileId }, null, 2)]);
    entries.push([`iam/security-credentials/${role.name}`, role.credentials]);
  }
  return new Map(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function interfaceEntries({ instance, subnet, vpc, accountId }: InstanceFacts): [string, string | undefined][] {
  return (instance.NetworkInterfaces ?? []).flatMap((each) => {
    const values: Record<string, string | undefined> = {
      "device-number": String(each.Attachment?.DeviceIndex ?? 0),
      "interface-id": each.NetworkInterfaceId,
      "local-hostname": instance.PrivateDnsName,
      "local-ipv4s": each.PrivateIpAddress,
      mac: each.MacAddress,
      "owner-id": accountId,
      "security-group-ids": each.Groups?.map(({ GroupId }) => GroupId).join("\n"),
      "security-groups": each.Groups?.map(({ GroupName }) => GroupName).join("\n"),
      "subnet-id": each.SubnetId,
      "subnet-ipv4-cidr-block": subnet?.CidrBlock,
      "vpc-id": each.VpcId,
      "vpc-ipv4-cidr-block": vpc?.CidrBlock,
      "vpc-ipv4-cidr-blocks": vpc?.CidrBlock,
    };
    return Object.entries(values).map(([name, value]): [string, string | undefined] => [
      `network/interfaces/macs/${each.MacAddress}/${name}`,
      value,
    ]);
  });
}

/** The value at a path, or the listing of a directory, or nothing. */
export function lookUp(tree: ReadonlyMap<string, string>, path: string, keyName?: string): string | undefined {
  const wanted = path.replace(/\/+$/, "");
  const value = tree.get(wanted);
  if (value !== undefined) return value;
  const prefix = wanted === "" ? "" : `${wanted}/`;
  const below = [...tree.keys()].filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
  if (below.length === 0) return undefined;
  // The one directory whose listing is not the names of its entries.
  if (wanted === "public-keys") return `0=${keyName}`;
  return [...new Set(below.map((each) => each.replace(/\/.*/, "/")))].sort().join("\n");
}

export function identityDocument({ instance, accountId, region }: InstanceFacts): string {
  return JSON.stringify(
    {
      accountId,
      architecture: instance.Architecture,
      availabilityZone: instance.Placement?.AvailabilityZone,
      billingProducts: null,
      devpayProductCodes: null,
      imageId: instance.ImageId,
      instanceId: instance.InstanceId,
      instanceType: instance.InstanceType,
      kernelId: null,
      marketplaceProductCodes: null,
      pendingTime: instance.LaunchTime === undefined ? null : timestamp(instance.LaunchTime),
      privateIp: instance.PrivateIpAddress,
      ramdiskId: null,
      region,
      version: "2017-09-30",
    },
    null,
    2,
  );
}

/** AWS's format of times in metadata: without fractions of a second. */
export function timestamp(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}

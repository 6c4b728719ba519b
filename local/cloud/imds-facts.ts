import { DescribeAutoScalingInstancesCommand } from "@aws-sdk/client-auto-scaling";
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeKeyPairsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type Instance,
} from "@aws-sdk/client-ec2";
import { GetInstanceProfileCommand } from "@aws-sdk/client-iam";
import type { Clients } from "./clients";
import { timestamp, type InstanceFacts } from "./imds-tree";
import type { Sessions } from "./sessions";
import type { SpotNotices } from "./spot-notices";

/** Seconds for which facts are good: cloud-init and agents read dozens of paths in one go. */
const FACTS_SECONDS = 2;
/** And those that an instance keeps for as long as it lives: hosts ask every two seconds whether they are to leave. */
const LASTING_SECONDS = 60;
const CREDENTIAL_HOURS = 6;

interface Cached<Value> {
  readonly until: number;
  readonly value: Promise<Value>;
}

/** Reads from the API what an instance is told about itself. */
export class InstanceReader {
  private readonly facts = new Map<string, Cached<InstanceFacts | undefined>>();
  private readonly lasting = new Map<string, Cached<Pick<InstanceFacts, "publicKey" | "role" | "subnet" | "vpc">>>();
  private readonly credentials = new Map<string, Cached<string>>();

  constructor(
    private readonly clients: Clients,
    private readonly region: string,
    private readonly accountId: string,
    private readonly sessions: Sessions,
    private readonly spotNotices: Pick<SpotNotices, "endOf">,
  ) {}

  /** Facts of an instance, or nothing when there is none of this id. */
  read(instanceId: string): Promise<InstanceFacts | undefined> {
    return cached(this.facts, instanceId, FACTS_SECONDS, () => this.collect(instanceId));
  }

  /** User data as the instance gets it: decoded once from base64, and not unpacked. */
  async userData(instanceId: string): Promise<Buffer | undefined> {
    const { UserData } = await this.clients.ec2.send(
      new DescribeInstanceAttributeCommand({ InstanceId: instanceId, Attribute: "userData" }),
    );
    return UserData?.Value ? Buffer.from(UserData.Value, "base64") : undefined;
  }

  private async collect(instanceId: string): Promise<InstanceFacts | undefined> {
    const { ec2 } = this.clients;
    const found = await ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: "instance-id", Values: [instanceId] }] }),
    );
    const instance = found.Reservations?.[0]?.Instances?.[0];
    if (instance === undefined) return undefined;
    const [lasting, lifecycleState] = await Promise.all([
      cached(this.lasting, instanceId, LASTING_SECONDS, () => this.collectLasting(instance)),
      this.lifecycleState(instance),
    ]);
    const { accountId, region } = this;
    const spotEnd = this.spotNotices.endOf(instanceId);
    return { ...lasting, instance, lifecycleState, accountId, region, spotEnd };
  }

  private async collectLasting(instance: Instance) {
    const { ec2 } = this.clients;
    const [subnets, vpcs, publicKey, role] = await Promise.all([
      instance.SubnetId ? ec2.send(new DescribeSubnetsCommand({ SubnetIds: [instance.SubnetId] })) : undefined,
      instance.VpcId ? ec2.send(new DescribeVpcsCommand({ VpcIds: [instance.VpcId] })) : undefined,
      this.publicKey(instance),
      this.role(instance),
    ]);
    return { publicKey, role, subnet: subnets?.Subnets?.[0], vpc: vpcs?.Vpcs?.[0] };
  }

  private async publicKey({ KeyName }: Instance): Promise<string | undefined> {
    if (!KeyName) return undefined;
    const { KeyPairs } = await this.clients.ec2.send(
      new DescribeKeyPairsCommand({ KeyNames: [KeyName], IncludePublicKey: true }),
    );
    return KeyPairs?.[0]?.PublicKey;
  }

  private async role({ InstanceId, IamInstanceProfile }: Instance): Promise<InstanceFacts["role"]> {
    const profileArn = IamInstanceProfile?.Arn;
    if (!profileArn) return undefined;
    const { InstanceProfile } = await this.clients.iam.send(
      new GetInstanceProfileCommand({ InstanceProfileName: profileArn.split("/").at(-1) }),
    );
    const [role] = InstanceProfile?.Roles ?? [];
    if (role === undefined) return undefined;
    // Renewed when a sixth of their time is left, as clients do that refresh in advance.
    const seconds = CREDENTIAL_HOURS * 3600;
    const credentials = await cached(this.credentials, `${InstanceId} ${role.RoleId}`, (seconds * 5) / 6, () =>
      this.assume(role.Arn!, InstanceId!),
    );
    return { name: role.RoleName!, profileArn, profileId: InstanceProfile?.InstanceProfileId ?? "", credentials };
  }

  private async assume(roleArn: string, instanceId: string): Promise<string> {
    const session = await this.sessions.open(roleArn, instanceId, CREDENTIAL_HOURS * 3600);
    const document = {
      Code: "Success",
      LastUpdated: timestamp(new Date()),
      Type: "AWS-HMAC",
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      Token: session.token,
      Expiration: timestamp(session.expires),
    };
    return JSON.stringify(document, null, 2);
  }

  /** Where an instance of an Auto Scaling group is on its way to. */
  private async lifecycleState({ InstanceId, Tags }: Instance): Promise<string | undefined> {
    if (!Tags?.some(({ Key }) => Key === "aws:autoscaling:groupName")) return undefined;
    const { AutoScalingInstances } = await this.clients.autoscaling.send(
      new DescribeAutoScalingInstancesCommand({ InstanceIds: [InstanceId!] }),
    );
    const state = AutoScalingInstances?.[0]?.LifecycleState ?? "Terminating";
    if (state.startsWith("Terminating")) return "Terminated";
    return state.startsWith("Pending") ? "InService" : state;
  }
}

function cached<Value>(
  cache: Map<string, Cached<Value>>,
  key: string,
  seconds: number,
  make: () => Promise<Value>,
): Promise<Value> {
  const known = cache.get(key);
  if (known !== undefined && known.until > Date.now()) return known.value;
  const value = make();
  cache.set(key, { until: Date.now() + seconds * 1000, value });
  value.catch(() => cache.delete(key));
  return value;
}

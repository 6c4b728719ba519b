import { crc32 } from "node:zlib";
import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2, type ResourceType } from "@aws-sdk/client-ec2";
import { ECR } from "@aws-sdk/client-ecr";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { S3 } from "@aws-sdk/client-s3";
import { SSM } from "@aws-sdk/client-ssm";
import { STS } from "@aws-sdk/client-sts";
import type { Operation, ResourceModel } from "../model";
import { equal, hasUnknown, isObject, UNKNOWN, type Props } from "../wire";

export type Tags = Record<string, string>;

/** One configured AWS provider: its region, its default tags and its clients. */
export interface Aws {
  readonly region: string;
  readonly defaultTags: Tags;
  readonly ec2: EC2;
  readonly autoscaling: AutoScaling;
  readonly cloudwatch: CloudWatch;
  readonly elb: ElasticLoadBalancingV2;
  readonly iam: IAM;
  readonly kms: KMS;
  readonly logs: CloudWatchLogs;
  readonly ecr: ECR;
  readonly s3: S3;
  readonly ssm: SSM;
  readonly sts: STS;
  /** The account that the credentials belong to. */
  account(): Promise<string>;
}

/** Blocks travel as JSON text in a provider's configuration. */
const parsed = (value: unknown): unknown =>
  typeof value === "string" && /^[[{]/.test(value) ? JSON.parse(value) : value;

/** Reads the endpoint from AWS_ENDPOINT_URL and the credentials from the environment, like any AWS client. */
export function configureAws(config: Props): Aws {
  const region = config["region"] ?? process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"];
  if (!region) throw new Error("aws:region: expected a region, got none; set it in the stack's configuration");
  const endpoint = process.env["AWS_ENDPOINT_URL"];
  if (!endpoint)
    throw new Error("AWS_ENDPOINT_URL is not set: the local provider serves no other cloud than the local one");
  const options = { region, endpoint, requestHandler: { connectionTimeout: 5000, requestTimeout: 120_000 } };
  const sts = new STS(options);
  let account: Promise<string> | undefined;
  const defaults = parsed(config["defaultTags"]) as { tags?: Tags } | undefined;
  return {
    region,
    defaultTags: defaults?.tags ?? {},
    ec2: new EC2(options),
    autoscaling: new AutoScaling(options),
    cloudwatch: new CloudWatch(options),
    elb: new ElasticLoadBalancingV2(options),
    iam: new IAM(options),
    kms: new KMS(options),
    logs: new CloudWatchLogs(options),
    ecr: new ECR(options),
    // The local cloud has no names for buckets.
    s3: new S3({ ...options, forcePathStyle: true }),
    ssm: new SSM(options),
    sts,
    account: () => (account ??= sts.getCallerIdentity({}).then((identity) => identity.Account!)),
  };
}

/** The vendor's request members out of a block: names in PascalCase, at any depth. Keys of `tags` stay. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the vendor's own types are too many to name here
export function pascal(value: unknown): any {
  if (Array.isArray(value)) return value.map(pascal);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key[0]!.toUpperCase() + key.slice(1),
      key === "tags" ? item : pascal(item),
    ]),
  );
}

export const tagList = (tags: Tags | undefined) => Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));

export const tagMap = (list: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): Tags =>
  Object.fromEntries((list ?? []).map(({ Key, Value }) => [Key!, Value ?? ""]));

/** The TagSpecifications of an EC2 request. */
export const tagged = (type: ResourceType, args: Props) => {
  const list = tagList(args["tagsAll"]);
  return list.length > 0 ? [{ ResourceType: type, Tags: list }] : undefined;
};

export const isGone = (error: unknown): boolean => error instanceof Error && /NotFound|NoSuchEntity/.test(error.name);

/** The result, or undefined when the API says that the thing is not there. */
export async function unlessGone<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** A policy as JSON text; the program may give the document itself. */
export const policyText = (policy: unknown): unknown =>
  isObject(policy) && !hasUnknown(policy) ? JSON.stringify(policy) : isObject(policy) ? UNKNOWN : policy;

type Tagger = (aws: Aws, id: string, set: Tags, removed: string[]) => Promise<unknown>;

/** How each service changes the tags of a thing, by its id. */
export const taggers = {
  ec2: async (aws, id, set, removed) => {
    if (removed.length > 0) await aws.ec2.deleteTags({ Resources: [id], Tags: removed.map((Key) => ({ Key })) });
    if (Object.keys(set).length > 0) await aws.ec2.createTags({ Resources: [id], Tags: tagList(set) });
  },
  elb: async (aws, id, set, removed) => {
    if (removed.length > 0) await aws.elb.removeTags({ ResourceArns: [id], TagKeys: removed });
    if (Object.keys(set).length > 0) await aws.elb.addTags({ ResourceArns: [id], Tags: tagList(set) });
  },
} satisfies Record<string, Tagger>;

/**
 * A resource with `tags`: adds the argument, `tagsAll` with the provider's default tags, and their update in place.
 * `key` gives what the tagger wants out of the id and the outputs, when it is not the id.
 */
export function withTags(
  model: ResourceModel<Aws>,
  tagger: Tagger,
  key: (id: string, state: Props) => string = (id) => id,
): ResourceModel<Aws> {
  return {
    ...model,
    args: `${model.args} tags tagsAll`,
    normalize: (aws, args) => {
      const tags = hasUnknown(args["tags"]) ? UNKNOWN : { ...aws.defaultTags, ...args["tags"] };
      const own = { ...args, ...(equal(tags, {}) ? {} : { tagsAll: tags }) };
      return model.normalize ? model.normalize(aws, own) : own;
    },
    // Arguments that have no in-place update are marked in `args` once tags can be updated.
    replaces: (path, news, olds) =>
      model.update ? (model.replaces?.(path, news, olds) ?? false) : !/^tags(All)?\b/.test(path),
    read: async (aws, id, state, operation) => {
      const found = await model.read(aws, id, state, operation);
      return found && { tagsAll: state["tagsAll"] ?? {}, ...found };
    },
    update: async (aws, update, operation) => {
      const [before, after]: Tags[] = [update.olds["tagsAll"] ?? {}, update.news["tagsAll"] ?? {}];
      const removed = Object.keys(before!).filter((name) => !(name in after!));
      if (!equal(before, after)) await tagger(aws, key(update.id, update.state), after!, removed);
      return model.update?.(aws, update, operation);
    },
  };
}

/** What a wait on AWS needs besides its probe. */
export const waiting = (operation: Operation, what: string, defaultSeconds: number) => ({
  what,
  seconds: operation.timeout(defaultSeconds),
  signal: operation.signal,
  onState: (state: string) => operation.status(`waiting for ${what}: ${state}`),
});

/** The id that the official provider makes up for what AWS gives none. */
export const hashedId = (prefix: string, text: string): string => `${prefix}${crc32(text)}`;

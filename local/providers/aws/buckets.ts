import { randomBytes } from "node:crypto";
import type { S3 } from "@aws-sdk/client-s3";
import type { ResourceModel } from "../model";
import type { Props } from "../wire";
import { isGone, pascal, policyText, tagList, withTags, type Aws } from "./context";

/** S3 has names of its own for what is not there. */
const missing = (error: Error): boolean => isGone(error) || /^NoSuch|NotFound/.test(error.name);

async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  return request.catch((error: Error) => {
    if (missing(error)) return undefined;
    throw error;
  });
}

const setTags = async (
  { s3 }: Aws,
  Bucket: string,
  set: Readonly<Record<string, string>>,
  removed: readonly string[],
) => {
  const { TagSet = [] } = (await unlessMissing(s3.getBucketTagging({ Bucket }))) ?? {};
  const kept = TagSet.filter(({ Key }) => !removed.includes(Key!) && !(Key! in set));
  await s3.putBucketTagging({ Bucket, Tagging: { TagSet: [...kept, ...tagList(set)] } });
};

const bucket: ResourceModel<Aws> = {
  args: "bucket! bucketPrefix! forceDestroy",
  autoname: { property: "bucket", maxLength: 63, lowercase: true },
  async create(aws, args, { created }) {
    const Bucket =
      args.bucketPrefix === undefined ? args.bucket : `${args.bucketPrefix}${randomBytes(8).toString("hex")}`;
    await aws.s3.createBucket({ Bucket, CreateBucketConfiguration: { LocationConstraint: aws.region as never } });
    created(Bucket);
    if (args.tagsAll) await setTags(aws, Bucket, args.tagsAll, []);
    return Bucket;
  },
  async read({ s3, region }, id) {
    const found = await unlessMissing(s3.headBucket({ Bucket: id }));
    const domain = `${id}.s3.${region}.amazonaws.com`;
    return found && { arn: `arn:aws:s3:::${id}`, bucket: id, region, bucketRegionalDomainName: domain };
  },
  update: async () => undefined,
  async delete({ s3 }, id, { forceDestroy = false }) {
    if (forceDestroy) await empty(s3, id);
    await unlessMissing(s3.deleteBucket({ Bucket: id }));
  },
};

/** Deletes every version of every object. */
async function empty(s3: S3, Bucket: string): Promise<void> {
  for (;;) {
    const page = await unlessMissing(s3.listObjectVersions({ Bucket }));
    const all = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])];
    if (all.length === 0) return;
    const Objects = all.map(({ Key, VersionId }) => ({ Key: Key!, VersionId }));
    await s3.deleteObjects({ Bucket, Delete: { Objects } });
  }
}

/** One of a bucket's settings, whose id is the bucket. */
function setting(
  args: string,
  put: (s3: S3, args: Props) => Promise<unknown>,
  remove: (s3: S3, Bucket: string) => Promise<unknown>,
): ResourceModel<Aws> {
  return {
    args: `bucket! ${args}`,
    normalize: (_aws, given) => ("policy" in given ? { ...given, policy: policyText(given.policy) } : given),
    async create({ s3 }, given) {
      await put(s3, given);
      return given.bucket;
    },
    read: async ({ s3 }, id) => (await unlessMissing(s3.headBucket({ Bucket: id }))) && {},
    update: async ({ s3 }, { news }) => void (await put(s3, news)),
    delete: async ({ s3 }, id) => void (await unlessMissing(remove(s3, id))),
  };
}

const rule =
  "rules{id status filter{prefix} expiration{days} noncurrentVersionExpiration{noncurrentDays} " +
  "abortIncompleteMultipartUpload{daysAfterInitiation}}";

export const bucketResources: Record<string, ResourceModel<Aws>> = {
  "aws:s3/bucket:Bucket": withTags(bucket, setTags),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": setting(
    "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets",
    (s3, { bucket: Bucket, ...rest }) =>
      s3.putPublicAccessBlock({ Bucket, PublicAccessBlockConfiguration: pascal(rest) }),
    (s3, Bucket) => s3.deletePublicAccessBlock({ Bucket }),
  ),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": setting(
    "rules{applyServerSideEncryptionByDefault{sseAlgorithm kmsMasterKeyId} bucketKeyEnabled}",
    (s3, { bucket: Bucket, rules }) =>
      s3.putBucketEncryption({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: (rules as Props[]).map(({ applyServerSideEncryptionByDefault: by, bucketKeyEnabled }) => ({
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: by.sseAlgorithm, KMSMasterKeyID: by.kmsMasterKeyId },
            BucketKeyEnabled: bucketKeyEnabled,
          })),
        },
      }),
    (s3, Bucket) => s3.deleteBucketEncryption({ Bucket }),
  ),
  "aws:s3/bucketVersioning:BucketVersioning": setting(
    "versioningConfiguration{status}",
    (s3, { bucket: Bucket, versioningConfiguration: { status: Status } }) =>
      s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status } }),
    (s3, Bucket) => s3.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: "Suspended" } }),
  ),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": setting(
    rule,
    (s3, { bucket: Bucket, rules }) =>
      s3.putBucketLifecycleConfiguration({
        Bucket,
        LifecycleConfiguration: {
          Rules: (rules as Props[]).map(({ id: ID, filter, ...rest }) => ({
            ...pascal(rest),
            ...{ ID, Filter: { Prefix: filter?.prefix ?? "" } },
          })),
        },
      }),
    (s3, Bucket) => s3.deleteBucketLifecycle({ Bucket }),
  ),
  "aws:s3/bucketPolicy:BucketPolicy": setting(
    "policy",
    (s3, { bucket: Bucket, policy: Policy }) => s3.putBucketPolicy({ Bucket, Policy }),
    (s3, Bucket) => s3.deleteBucketPolicy({ Bucket }),
  ),
};

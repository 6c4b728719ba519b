import type { ResourceModel } from "../model";
import { policyText, unlessGone, withTags, type Aws, type Tags } from "./context";

const kmsTags = (tags: Tags | undefined) =>
  Object.entries(tags ?? {}).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));

const tagKey = async ({ kms }: Aws, KeyId: string, set: Tags, TagKeys: string[]) => {
  if (TagKeys.length > 0) await kms.untagResource({ KeyId, TagKeys });
  if (Object.keys(set).length > 0) await kms.tagResource({ KeyId, Tags: kmsTags(set) });
};

const rotate = ({ kms }: Aws, KeyId: string, isOn: boolean | undefined) =>
  isOn ? kms.enableKeyRotation({ KeyId }) : kms.disableKeyRotation({ KeyId });

const key: ResourceModel<Aws> = {
  args: "description policy enableKeyRotation deletionWindowInDays keyUsage! customerMasterKeySpec! multiRegion!",
  defaults: { keyUsage: "ENCRYPT_DECRYPT", customerMasterKeySpec: "SYMMETRIC_DEFAULT", enableKeyRotation: false },
  normalize: (_aws, args) => ({ ...args, ...(args.policy ? { policy: policyText(args.policy) } : {}) }),
  async create(aws, args, { created }) {
    const { KeyMetadata } = await aws.kms.createKey({
      Description: args.description,
      Policy: args.policy,
      KeyUsage: args.keyUsage,
      KeySpec: args.customerMasterKeySpec,
      MultiRegion: args.multiRegion,
      Tags: kmsTags(args.tagsAll),
    });
    const id = KeyMetadata!.KeyId!;
    created(id);
    if (args.enableKeyRotation) await rotate(aws, id, true);
    return id;
  },
  async read({ kms }, KeyId) {
    const found = (await unlessGone(kms.describeKey({ KeyId })))?.KeyMetadata;
    if (!found || found.KeyState === "PendingDeletion") return undefined;
    const { KeyRotationEnabled: enableKeyRotation } = await kms.getKeyRotationStatus({ KeyId });
    return { arn: found.Arn, keyId: found.KeyId, enableKeyRotation };
  },
  async update(aws, { id: KeyId, news, changed }) {
    if (changed.has("description")) await aws.kms.updateKeyDescription({ KeyId, Description: news.description ?? "" });
    if (changed.has("policy") && news.policy)
      await aws.kms.putKeyPolicy({ KeyId, PolicyName: "default", Policy: news.policy });
    if (changed.has("enableKeyRotation")) await rotate(aws, KeyId, news.enableKeyRotation);
  },
  /** No key is deleted at once: what it has encrypted could never be read again. */
  async delete({ kms }, KeyId, { deletionWindowInDays: PendingWindowInDays }) {
    const state = (await unlessGone(kms.describeKey({ KeyId })))?.KeyMetadata?.KeyState;
    if (state && state !== "PendingDeletion") await kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays });
  },
};

const alias: ResourceModel<Aws> = {
  args: "name! namePrefix! targetKeyId",
  async create({ kms }, { name: AliasName, targetKeyId: TargetKeyId }) {
    await kms.createAlias({ AliasName, TargetKeyId });
    return AliasName;
  },
  async read({ kms }, id) {
    const found = (await unlessGone(kms.describeKey({ KeyId: id })))?.KeyMetadata;
    return found && { arn: found.Arn?.replace(/key\/.*/, id), targetKeyArn: found.Arn, targetKeyId: found.KeyId };
  },
  update: async ({ kms }, { id: AliasName, news }) =>
    void (await kms.updateAlias({ AliasName, TargetKeyId: news.targetKeyId })),
  delete: async ({ kms }, AliasName) => void (await unlessGone(kms.deleteAlias({ AliasName }))),
};

export const encryptionResources: Record<string, ResourceModel<Aws>> = {
  "aws:kms/key:Key": withTags(key, tagKey),
  "aws:kms/alias:Alias": alias,
};

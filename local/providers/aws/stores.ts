import type { ResourceModel } from "../model";
import type { Props } from "../wire";
import { pascal, policyText, tagList, unlessGone, withTags, type Aws, type Tags } from "./context";

const tagLogs = async ({ logs }: Aws, resourceArn: string, tags: Tags, tagKeys: string[]) => {
  if (tagKeys.length > 0) await logs.untagResource({ resourceArn, tagKeys });
  if (Object.keys(tags).length > 0) await logs.tagResource({ resourceArn, tags });
};

const tagRepository = async ({ ecr }: Aws, resourceArn: string, set: Tags, tagKeys: string[]) => {
  if (tagKeys.length > 0) await ecr.untagResource({ resourceArn, tagKeys });
  if (Object.keys(set).length > 0) await ecr.tagResource({ resourceArn, tags: tagList(set) });
};

const tagParameter = async ({ ssm }: Aws, ResourceId: string, set: Tags, TagKeys: string[]) => {
  const which = { ResourceType: "Parameter" as const, ResourceId };
  if (TagKeys.length > 0) await ssm.removeTagsFromResource({ ...which, TagKeys });
  if (Object.keys(set).length > 0) await ssm.addTagsToResource({ ...which, Tags: tagList(set) });
};

const logGroup: ResourceModel<Aws> = {
  args: "name! namePrefix! retentionInDays kmsKeyId logGroupClass! skipDestroy",
  autoname: { property: "name", maxLength: 512 },
  defaults: { skipDestroy: false },
  async create({ logs }, args, { created }) {
    const { name: logGroupName, kmsKeyId, logGroupClass, tagsAll: tags } = args;
    await logs.createLogGroup({ logGroupName, kmsKeyId, logGroupClass, tags });
    created(logGroupName);
    await setRetention({ logs }, logGroupName, args.retentionInDays);
    return logGroupName;
  },
  async read({ logs }, id) {
    const list = (await logs.describeLogGroups({ logGroupNamePrefix: id })).logGroups;
    const found = list?.find(({ logGroupName }) => logGroupName === id);
    return found && { arn: found.arn?.replace(/:\*$/, ""), retentionInDays: found.retentionInDays ?? 0 };
  },
  async update({ logs }, { id: logGroupName, news, state, changed }) {
    if (changed.has("retentionInDays")) await setRetention({ logs }, logGroupName, news.retentionInDays);
    if (changed.has("kmsKeyId") && news.kmsKeyId) await logs.associateKmsKey({ logGroupName, kmsKeyId: news.kmsKeyId });
    if (changed.has("kmsKeyId") && !news.kmsKeyId && state.kmsKeyId) await logs.disassociateKmsKey({ logGroupName });
  },
  async delete({ logs }, logGroupName, state) {
    if (!state.skipDestroy) await unlessGone(logs.deleteLogGroup({ logGroupName }));
  },
};

async function setRetention(
  { logs }: Pick<Aws, "logs">,
  logGroupName: string,
  days: number | undefined,
): Promise<void> {
  if (days) await logs.putRetentionPolicy({ logGroupName, retentionInDays: days });
  else await unlessGone(logs.deleteRetentionPolicy({ logGroupName }));
}

const repository: ResourceModel<Aws> = {
  args: "name! imageTagMutability imageScanningConfiguration{scanOnPush} encryptionConfigurations!{encryptionType kmsKey} forceDelete",
  autoname: { property: "name", maxLength: 256, lowercase: true },
  defaults: { imageTagMutability: "MUTABLE" },
  async create({ ecr }, args) {
    const { name, imageTagMutability, imageScanningConfiguration, encryptionConfigurations } = args;
    const { repository } = await ecr.createRepository({
      repositoryName: name,
      imageTagMutability,
      imageScanningConfiguration,
      encryptionConfiguration: encryptionConfigurations?.[0],
      tags: args.tagsAll && tagList(args.tagsAll),
    });
    return repository!.repositoryName!;
  },
  async read({ ecr }, id) {
    const found = (await unlessGone(ecr.describeRepositories({ repositoryNames: [id] })))?.repositories?.[0];
    return found && { arn: found.repositoryArn, registryId: found.registryId, repositoryUrl: found.repositoryUri };
  },
  async update({ ecr }, { id: repositoryName, news, changed }) {
    if (changed.has("imageTagMutability")) {
      await ecr.putImageTagMutability({ repositoryName, imageTagMutability: news.imageTagMutability });
    }
    if (changed.has("imageScanningConfiguration")) {
      const imageScanningConfiguration = news.imageScanningConfiguration ?? { scanOnPush: false };
      await ecr.putImageScanningConfiguration({ repositoryName, imageScanningConfiguration });
    }
  },
  delete: async ({ ecr }, repositoryName, { forceDelete = false }) =>
    void (await unlessGone(ecr.deleteRepository({ repositoryName, force: forceDelete }))),
};

const putLifecycle = async ({ ecr }: Aws, { repository: repositoryName, policy: lifecyclePolicyText }: Props) =>
  void (await ecr.putLifecyclePolicy({ repositoryName, lifecyclePolicyText }));

const lifecyclePolicy: ResourceModel<Aws> = {
  args: "repository! policy",
  normalize: (_aws, args) => ({ ...args, policy: policyText(args.policy) }),
  async create(aws, args) {
    await putLifecycle(aws, args);
    return args.repository;
  },
  async read({ ecr }, repositoryName) {
    const found = await unlessGone(ecr.getLifecyclePolicy({ repositoryName }));
    return found && { registryId: found.registryId };
  },
  update: (aws, { news }) => putLifecycle(aws, news),
  delete: async ({ ecr }, repositoryName) => void (await unlessGone(ecr.deleteLifecyclePolicy({ repositoryName }))),
};

const put = ({ ssm }: Aws, args: Props, Overwrite: boolean, Tags?: ReturnType<typeof tagList>) => {
  const { value, insecureValue, tags: _tags, tagsAll: _tagsAll, overwrite: _overwrite, ...rest } = args;
  return ssm.putParameter({ ...pascal(rest), Value: value ?? insecureValue, Overwrite, Tags });
};

const parameter: ResourceModel<Aws> = {
  args: "name! type value insecureValue description tier keyId dataType! overwrite allowedPattern",
  autoname: { property: "name", maxLength: 1011 },
  volatile: { version: ["value", "insecureValue", "type", "description", "tier", "keyId", "allowedPattern"] },
  secretOutputs: ["value"],
  async create(aws, args) {
    // The API refuses tags together with Overwrite.
    const overwrite = args.overwrite ?? false;
    await put(aws, args, overwrite, overwrite ? undefined : args.tagsAll && tagList(args.tagsAll));
    if (overwrite && args.tagsAll) await tagParameter(aws, args.name, args.tagsAll, []);
    return args.name;
  },
  async read({ ssm }, id) {
    const found = (await unlessGone(ssm.getParameter({ Name: id, WithDecryption: true })))?.Parameter;
    return found && { arn: found.ARN, version: found.Version, value: found.Value };
  },
  update: async (aws, { news, changed }) => {
    if (![...changed].every((name) => name.startsWith("tags"))) await put(aws, news, true);
  },
  delete: async ({ ssm }, id) => void (await unlessGone(ssm.deleteParameter({ Name: id }))),
};

const arnOf = (_id: string, state: Props): string => state.arn;

export const storeResources: Record<string, ResourceModel<Aws>> = {
  "aws:cloudwatch/logGroup:LogGroup": withTags(logGroup, tagLogs, arnOf),
  "aws:ecr/repository:Repository": withTags(repository, tagRepository, arnOf),
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": lifecyclePolicy,
  "aws:ssm/parameter:Parameter": withTags(parameter, tagParameter),
};

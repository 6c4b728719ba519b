import type { ResourceModel } from "../model";
import type { Props } from "../wire";
import { policyText, tagList, unlessGone, waiting, withTags, type Aws, type Tags } from "./context";
import { retryWhile } from "../wait";

const tagRole = async ({ iam }: Aws, RoleName: string, set: Tags, TagKeys: string[]) => {
  if (TagKeys.length > 0) await iam.untagRole({ RoleName, TagKeys });
  if (Object.keys(set).length > 0) await iam.tagRole({ RoleName, Tags: tagList(set) });
};

const tagProfile = async ({ iam }: Aws, InstanceProfileName: string, set: Tags, TagKeys: string[]) => {
  if (TagKeys.length > 0) await iam.untagInstanceProfile({ InstanceProfileName, TagKeys });
  if (Object.keys(set).length > 0) await iam.tagInstanceProfile({ InstanceProfileName, Tags: tagList(set) });
};

const role: ResourceModel<Aws> = {
  args: `name! namePrefix! path! assumeRolePolicy description maxSessionDuration permissionsBoundary forceDetachPolicies
    inlinePolicies{name policy} managedPolicyArns`,
  autoname: { property: "name", maxLength: 64 },
  defaults: { path: "/", maxSessionDuration: 3600, forceDetachPolicies: false },
  normalize: (_aws, args) => ({ ...args, assumeRolePolicy: policyText(args.assumeRolePolicy) }),
  async create({ iam }, args, { created }) {
    const RoleName: string = args.name;
    await iam.createRole({
      RoleName,
      Path: args.path,
      AssumeRolePolicyDocument: args.assumeRolePolicy,
      Description: args.description,
      MaxSessionDuration: args.maxSessionDuration,
      PermissionsBoundary: args.permissionsBoundary,
      Tags: args.tagsAll && tagList(args.tagsAll),
    });
    created(RoleName);
    await attachPolicies({ iam }, RoleName, {}, args);
    return RoleName;
  },
  async read({ iam }, id) {
    const found = (await unlessGone(iam.getRole({ RoleName: id })))?.Role;
    return found && { arn: found.Arn, uniqueId: found.RoleId, createDate: found.CreateDate?.toISOString() };
  },
  async update({ iam }, { id: RoleName, olds, news, changed }) {
    if (changed.has("assumeRolePolicy")) {
      await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: news.assumeRolePolicy });
    }
    if (changed.has("description") || changed.has("maxSessionDuration")) {
      await iam.updateRole({
        RoleName,
        Description: news.description ?? "",
        MaxSessionDuration: news.maxSessionDuration,
      });
    }
    if (changed.has("permissionsBoundary")) {
      const PermissionsBoundary = news.permissionsBoundary;
      if (PermissionsBoundary) await iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary });
      else await iam.deleteRolePermissionsBoundary({ RoleName });
    }
    await attachPolicies({ iam }, RoleName, olds, news);
  },
  async delete({ iam }, RoleName, state) {
    const inline = (state.inlinePolicies ?? []) as Props[];
    if (!(await unlessGone(iam.getRole({ RoleName })))) return;
    if (state.forceDetachPolicies) {
      for (const { PolicyArn } of (await iam.listAttachedRolePolicies({ RoleName })).AttachedPolicies ?? [])
        await unlessGone(iam.detachRolePolicy({ RoleName, PolicyArn }));
      for (const PolicyName of (await iam.listRolePolicies({ RoleName })).PolicyNames ?? [])
        await unlessGone(iam.deleteRolePolicy({ RoleName, PolicyName }));
    } else {
      await attachPolicies(
        { iam },
        RoleName,
        { inlinePolicies: inline, managedPolicyArns: state.managedPolicyArns },
        {},
      );
    }
    await unlessGone(iam.deleteRole({ RoleName }));
  },
};

/** Makes a role's own inline policies and managed policies be those of `news`. */
async function attachPolicies({ iam }: Pick<Aws, "iam">, RoleName: string, olds: Props, news: Props): Promise<void> {
  const [before, after]: string[][] = [olds.managedPolicyArns ?? [], news.managedPolicyArns ?? []];
  for (const PolicyArn of before!.filter((arn) => !after!.includes(arn))) {
    await unlessGone(iam.detachRolePolicy({ RoleName, PolicyArn }));
  }
  for (const PolicyArn of after!.filter((arn) => !before!.includes(arn)))
    await iam.attachRolePolicy({ RoleName, PolicyArn });
  const kept = ((news.inlinePolicies ?? []) as Props[]).map(({ name, policy }) => ({
    name,
    text: String(policyText(policy)),
  }));
  for (const { name } of (olds.inlinePolicies ?? []) as Props[]) {
    if (!kept.some((item) => item.name === name))
      await unlessGone(iam.deleteRolePolicy({ RoleName, PolicyName: name }));
  }
  for (const { name, text } of kept) await iam.putRolePolicy({ RoleName, PolicyName: name, PolicyDocument: text });
}

const rolePolicy: ResourceModel<Aws> = {
  args: "name! namePrefix! role! policy",
  autoname: { property: "name", maxLength: 128 },
  normalize: (_aws, args) => ({ ...args, policy: policyText(args.policy) }),
  async create({ iam }, { role: RoleName, name: PolicyName, policy: PolicyDocument }) {
    await iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument });
    return `${RoleName}:${PolicyName}`;
  },
  async read({ iam }, _id, { role: RoleName, name: PolicyName }) {
    return (await unlessGone(iam.getRolePolicy({ RoleName, PolicyName }))) && {};
  },
  update: async ({ iam }, { news: { role: RoleName, name: PolicyName, policy: PolicyDocument } }) =>
    void (await iam.putRolePolicy({ RoleName, PolicyName, PolicyDocument })),
  delete: async ({ iam }, _id, { role: RoleName, name: PolicyName }) =>
    void (await unlessGone(iam.deleteRolePolicy({ RoleName, PolicyName }))),
};

const rolePolicyAttachment: ResourceModel<Aws> = {
  args: "role! policyArn!",
  async create({ iam }, { role: RoleName, policyArn: PolicyArn }) {
    await iam.attachRolePolicy({ RoleName, PolicyArn });
    return `${RoleName}/${PolicyArn}`;
  },
  async read({ iam }, _id, { role: RoleName, policyArn }) {
    const list = (await unlessGone(iam.listAttachedRolePolicies({ RoleName })))?.AttachedPolicies;
    return list?.some(({ PolicyArn }) => PolicyArn === policyArn) ? {} : undefined;
  },
  delete: async ({ iam }, _id, { role: RoleName, policyArn: PolicyArn }) =>
    void (await unlessGone(iam.detachRolePolicy({ RoleName, PolicyArn }))),
};

const instanceProfile: ResourceModel<Aws> = {
  args: "name! namePrefix! path! role",
  autoname: { property: "name", maxLength: 128 },
  defaults: { path: "/" },
  async create({ iam }, args, operation) {
    const InstanceProfileName: string = args.name;
    await iam.createInstanceProfile({
      InstanceProfileName,
      Path: args.path,
      Tags: args.tagsAll && tagList(args.tagsAll),
    });
    operation.created(InstanceProfileName);
    // A role made a moment ago may not be seen yet.
    const unseen = (error: Error) => /NoSuchEntity/.test(error.name);
    const wait = waiting(operation, `the role ${args.role} to be seen`, 30);
    const add = () => iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: args.role });
    if (args.role) await retryWhile(wait, unseen, add);
    return InstanceProfileName;
  },
  async read({ iam }, id) {
    const found = (await unlessGone(iam.getInstanceProfile({ InstanceProfileName: id })))?.InstanceProfile;
    if (!found) return undefined;
    const createDate = found.CreateDate?.toISOString();
    return { arn: found.Arn, uniqueId: found.InstanceProfileId, createDate, role: found.Roles?.[0]?.RoleName };
  },
  async update({ iam }, { id: InstanceProfileName, olds, news, changed }) {
    if (!changed.has("role")) return;
    if (olds.role) await unlessGone(iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName: olds.role }));
    if (news.role) await iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: news.role });
  },
  async delete({ iam }, InstanceProfileName, { role: RoleName }) {
    if (RoleName) await unlessGone(iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName }));
    await unlessGone(iam.deleteInstanceProfile({ InstanceProfileName }));
  },
};

export const identityResources: Record<string, ResourceModel<Aws>> = {
  "aws:iam/role:Role": withTags(role, tagRole),
  "aws:iam/rolePolicy:RolePolicy": rolePolicy,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": rolePolicyAttachment,
  "aws:iam/instanceProfile:InstanceProfile": withTags(instanceProfile, tagProfile),
};

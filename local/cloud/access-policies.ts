import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  paginateListAttachedRolePolicies,
  paginateListRolePolicies,
  type IAMClient,
  type Role,
} from "@aws-sdk/client-iam";

export interface Policy {
  readonly name: string;
  readonly policy: unknown;
}

export interface RolePolicies {
  readonly role: Role;
  /** Inline and attached. */
  readonly identity: readonly Policy[];
  readonly boundary?: Policy;
}

/** A policy's text, which the API gives encoded for an address. */
export const readDocument = (text: string | undefined): unknown => JSON.parse(decodeURIComponent(text ?? ""));

/** A role, or nothing when there is none of this name. */
export async function findRole(iam: IAMClient, roleArn: string): Promise<Role | undefined> {
  const wanted = new GetRoleCommand({ RoleName: roleArn.split("/").at(-1) });
  const answer = await iam.send(wanted).catch((error: Error) => {
    if (error.name !== "NoSuchEntityException") throw error;
    return undefined;
  });
  return answer?.Role;
}

/** What a role may do at this moment: a change of its policies counts from the next call on. */
export async function rolePolicies(iam: IAMClient, role: Role): Promise<RolePolicies> {
  const RoleName = role.RoleName!;
  const inline: string[] = [];
  for await (const page of paginateListRolePolicies({ client: iam }, { RoleName })) inline.push(...page.PolicyNames!);
  const attached: string[] = [];
  for await (const page of paginateListAttachedRolePolicies({ client: iam }, { RoleName })) {
    attached.push(...page.AttachedPolicies!.map(({ PolicyArn }) => PolicyArn!));
  }
  const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
  const identity = [
    ...inline.map(async (PolicyName): Promise<Policy> => {
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      return { name: PolicyName, policy: readDocument(PolicyDocument) };
    }),
    ...attached.map((arn) => managedPolicy(iam, arn)),
  ];
  return {
    role,
    identity: await Promise.all(identity),
    boundary: boundary === undefined ? undefined : await managedPolicy(iam, boundary),
  };
}

async function managedPolicy(iam: IAMClient, PolicyArn: string): Promise<Policy> {
  const { Policy: policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const VersionId = policy?.DefaultVersionId;
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return { name: PolicyArn, policy: readDocument(PolicyVersion?.Document) };
}

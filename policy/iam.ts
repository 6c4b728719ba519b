import type { ResourceValidation, ResourceValidationPolicy } from "@pulumi/policy";
import { type Statement, statements } from "./documents";
import { ofType, type Report, violation } from "./rule";
import { MANAGED_POLICY, ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT } from "./types";

/** Actions that know no resource, or none that a role could name: Service Authorization Reference, by service. */
const WITHOUT_RESOURCE: Readonly<Record<string, string>> = {
  "cloudwatch:PutMetricData": "metrics are no resources; the namespace is a condition",
  "ec2:DescribeInstances": "EC2's Describe actions have no resource-level permissions",
  "ecr:GetAuthorizationToken": "the token is the registry's, not a repository's",
  "ssm:UpdateInstanceInformation":
    "what the agent reports is the instance that took the role, which the role cannot name",
  "ssmmessages:CreateControlChannel": "channels are no resources",
  "ssmmessages:CreateDataChannel": "channels are no resources",
  "ssmmessages:OpenControlChannel": "channels are no resources",
  "ssmmessages:OpenDataChannel": "channels are no resources",
};

/** A check of each statement that allows something, wherever a role or policy has it. */
function ofAllowed(check: (statement: Statement, report: Report) => void): ResourceValidation[] {
  const judge = (document: unknown, report: Report) => {
    for (const statement of statements(document, report)) if (statement.allows) check(statement, report);
  };
  return [
    ofType<{ policy?: unknown }>([ROLE_POLICY, MANAGED_POLICY], ({ policy }, report) => judge(policy, report)),
    ofType<{ inlinePolicies?: readonly { policy?: unknown }[] }>(ROLE, ({ inlinePolicies }, report) => {
      for (const { policy } of inlinePolicies ?? []) judge(policy, report);
    }),
  ];
}

/** Actions are named: Security Hub IAM.1 and IAM.21. */
export const namedActions: ResourceValidationPolicy = {
  name: "named-actions",
  description:
    'What is allowed are named actions, not "*", "<service>:*" or everything but some: what AWS adds tomorrow is not allowed today. ' +
    "Security Hub IAM.1, IAM.21.",
  validateResource: ofAllowed(({ actions, exceptions }, report) => {
    for (const action of actions.filter((name) => /^\*+$|:\*+$|^\*/.test(name))) {
      report(violation("Action", "actions by name", action, "list those that are called"));
    }
    if (exceptions.includes("NotAction")) {
      report(violation("Action", "actions by name", "NotAction", "list those that are called"));
    }
  }),
};

/** All resources, or all of a service. */
const EVERYTHING = /^(\*+|arn:\*.*|arn:([^:]*:){4}\*+)$/;

/** Resources are named, but for actions that know none. */
export const namedResources: ResourceValidationPolicy = {
  name: "named-resources",
  description:
    'What is allowed is allowed on named resources; "*" only for actions that know none, a list with reasons in policy/iam.ts. ' +
    "AWS IAM User Guide, Apply least-privilege permissions.",
  validateResource: ofAllowed(({ actions, resources, exceptions }, report) => {
    const isOpen = exceptions.includes("NotResource") || resources.some((name) => EVERYTHING.test(name));
    const narrowable = actions.filter((action) => !(action in WITHOUT_RESOURCE));
    if (!isOpen || narrowable.length === 0) return;
    const remedy = "name their ARNs, in a statement apart from actions that know no resource";
    report(violation(`Resource of ${narrowable.join(", ")}`, "ARNs", resources, remedy));
  }),
};

/** Roles are taken by services of AWS. */
export const trustedServices: ResourceValidationPolicy = {
  name: "trusted-services",
  description:
    "A role is taken by a service of AWS that its trust policy names, not by anybody, another account or a user. " +
    "AWS IAM User Guide, AWS JSON policy elements: Principal.",
  validateResource: ofType<{ assumeRolePolicy?: unknown }>(ROLE, ({ assumeRolePolicy }, report) => {
    for (const { allows, principals, exceptions } of statements(assumeRolePolicy, report)) {
      if (!allows) continue;
      const named = Object.entries(principals);
      const areServices = named.every(
        ([kind, names]) =>
          kind === "Service" && names.every((name) => /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(name)),
      );
      if (named.length > 0 && areServices && !exceptions.includes("NotPrincipal")) continue;
      const got = named.length > 0 ? principals : undefined;
      report(
        violation("Principal", "a service, such as ec2.amazonaws.com", got, "name the service that takes the role"),
      );
    }
  }),
};

/** Whose statements nobody here has read, and AWS changes. */
const FROM_AWS = /^arn:aws[a-z-]*:iam::aws:policy\//;

/** Roles hold statements that are written here: what is elsewhere no rule reads. */
export const ownStatements: ResourceValidationPolicy = {
  name: "own-statements",
  description:
    "Roles hold the statements that this program writes, not AWS's managed policies, which allow more than is needed: " +
    "AmazonSSMManagedInstanceCore lets a host read every parameter of the account.",
  validateResource: [
    ofType<{ policyArn?: string }>(ROLE_POLICY_ATTACHMENT, ({ policyArn }, report) => {
      if (!FROM_AWS.test(policyArn ?? "")) return;
      report(violation("policyArn", "a policy of this program", policyArn, "write the statements that are needed"));
    }),
    ofType<{ managedPolicyArns?: readonly string[] }>(ROLE, ({ managedPolicyArns }, report) => {
      for (const arn of (managedPolicyArns ?? []).filter((name) => FROM_AWS.test(name))) {
        report(violation("managedPolicyArns", "policies of this program", arn, "write the statements that are needed"));
      }
    }),
  ],
};

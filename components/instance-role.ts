import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument, type Statement, trustPolicy } from "./policies";
import type { Tags } from "./tags";

/** A role that instances of one kind run with, allowed exactly these statements. */
export function createInstanceProfile(
  name: string,
  args: { readonly statements: readonly Statement[]; readonly tags: Tags },
  parent: pulumi.Resource,
): aws.iam.InstanceProfile {
  const role = new aws.iam.Role(
    `${name}-role`,
    { assumeRolePolicy: trustPolicy("ec2.amazonaws.com"), tags: args.tags },
    { parent },
  );
  const policy = new aws.iam.RolePolicy(
    `${name}-policy`,
    { role: role.name, policy: policyDocument(args.statements) },
    { parent },
  );
  // Instances that boot before the policy is attached would fail their first calls.
  return new aws.iam.InstanceProfile(
    `${name}-profile`,
    { role: role.name, tags: args.tags },
    { parent, dependsOn: policy },
  );
}

import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { allOfType, isNamedBy, ofType, violation } from "./rule";
import { DEFAULT_SECURITY_GROUP, OLD_SECURITY_GROUP_RULE, SECURITY_GROUP, VPC } from "./types";

interface InlineRules {
  ingress?: readonly unknown[];
  egress?: readonly unknown[];
}

/** Rules of security groups are resources of their own, which the other rules read. */
export const standaloneRules: ResourceValidationPolicy = {
  name: "standalone-rules",
  description:
    "What a security group lets through is said by SecurityGroupIngressRule and SecurityGroupEgressRule alone. Rules inside a group " +
    "undo those beside it, and no other rule looks into them. Pulumi's and Terraform's AWS providers, aws_security_group.",
  validateResource: [
    ofType<InlineRules>(SECURITY_GROUP, (inputs, report) => {
      for (const direction of ["ingress", "egress"] as const) {
        const count = inputs[direction]?.length ?? 0;
        if (count === 0) continue;
        report(violation(direction, "no rules inside the group", count, "make each a rule resource of its own"));
      }
    }),
    ofType(OLD_SECURITY_GROUP_RULE, (_, report) => {
      report(
        "expected a SecurityGroupIngressRule or SecurityGroupEgressRule, got a SecurityGroupRule; use aws.vpc's resources",
      );
    }),
  ],
};

/** The group that AWS gives to whatever names none lets nothing through: Security Hub EC2.2. */
export const emptyDefaultGroup: ResourceValidationPolicy = {
  name: "empty-default-group",
  description:
    "The VPC's default security group, which whatever names no group gets, lets nothing in or out. Security Hub EC2.2.",
  validateResource: ofType<InlineRules>(DEFAULT_SECURITY_GROUP, (inputs, report) => {
    for (const direction of ["ingress", "egress"] as const) {
      const count = inputs[direction]?.length ?? 0;
      if (count > 0) report(violation(direction, "no rules", count, "leave it empty, and make a group of its own"));
    }
  }),
};

/** Each VPC's default group is taken over, because AWS makes it with rules: Security Hub EC2.2. */
export const adoptedDefaultGroup: StackValidationPolicy = {
  name: "adopted-default-group",
  description:
    "Each VPC comes with a default security group that lets its members reach each other and everything else: the program takes it " +
    "over and empties it. Security Hub EC2.2.",
  validateStack: (args, report) => {
    for (const vpc of allOfType(args, VPC)) {
      if (isNamedBy(allOfType(args, DEFAULT_SECURITY_GROUP), "vpcId", vpc)) continue;
      report("expected a DefaultSecurityGroup for this VPC, got none; add one without rules", vpc.urn);
    }
  },
};

import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { allOfType, isNamedBy, ofType, violation } from "./rule";
import { BUCKET, LIFECYCLE_POLICY, LOG_GROUP, PARAMETER, PUBLIC_ACCESS_BLOCK, REPOSITORY } from "./types";

/** Security Hub ECR.2. */
export const immutableTags: ResourceValidationPolicy = {
  name: "immutable-tags",
  description: "A tag in a repository means the same image for ever. Security Hub ECR.2.",
  validateResource: ofType<{ imageTagMutability?: string }>(REPOSITORY, ({ imageTagMutability: got }, report) => {
    if (got !== "IMMUTABLE") report(violation("imageTagMutability", '"IMMUTABLE"', got, 'set it to "IMMUTABLE"'));
  }),
};

/** Security Hub ECR.1. */
export const scanOnPush: ResourceValidationPolicy = {
  name: "scan-on-push",
  description: "Images are searched for known vulnerabilities when they are pushed. Security Hub ECR.1.",
  validateResource: ofType<{ imageScanningConfiguration?: { scanOnPush?: boolean } }>(REPOSITORY, (inputs, report) => {
    const got = inputs.imageScanningConfiguration?.scanOnPush;
    if (got !== true) report(violation("imageScanningConfiguration.scanOnPush", "true", got, "set it to true"));
  }),
};

/** Security Hub ECR.3. */
export const expiringImages: StackValidationPolicy = {
  name: "expiring-images",
  description:
    "Each repository says which images it drops: otherwise it keeps, and bills, all of them. Security Hub ECR.3.",
  validateStack: (args, report) => {
    for (const repository of allOfType(args, REPOSITORY)) {
      if (isNamedBy(allOfType(args, LIFECYCLE_POLICY), "repository", repository)) continue;
      report("expected a LifecyclePolicy for this repository, got none; add one", repository.urn);
    }
  },
};

/** What is in Parameter Store is encrypted. */
export const secureParameters: ResourceValidationPolicy = {
  name: "secure-parameters",
  description:
    "Parameters are SecureString: what hosts fetch there instead of having it in user data is secret. " +
    "AWS Systems Manager User Guide, SecureString parameters.",
  validateResource: ofType<{ type?: string }>(PARAMETER, ({ type }, report) => {
    if (type !== "SecureString") report(violation("type", '"SecureString"', type, 'set it to "SecureString"'));
  }),
};

/** Security Hub CloudWatch.16 asks for a retention period. */
export const expiringLogs: ResourceValidationPolicy = {
  name: "expiring-logs",
  description:
    "Log groups say how long they keep what they get: otherwise it is for ever, and billed. Security Hub CloudWatch.16.",
  validateResource: ofType<{ retentionInDays?: number }>(LOG_GROUP, ({ retentionInDays: got }, report) => {
    if (!((got ?? 0) > 0)) report(violation("retentionInDays", "a number of days", got, "set it, 30 for example"));
  }),
};

const BLOCKS = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"] as const;

/** Security Hub S3.8, of the block itself. */
export const wholePublicAccessBlock: ResourceValidationPolicy = {
  name: "whole-public-access-block",
  description: "A bucket's block of public access blocks all four ways to it. Security Hub S3.8.",
  validateResource: ofType<Partial<Record<(typeof BLOCKS)[number], boolean>>>(PUBLIC_ACCESS_BLOCK, (inputs, report) => {
    for (const block of BLOCKS) {
      if (inputs[block] !== true) report(violation(block, "true", inputs[block], "set it to true"));
    }
  }),
};

/** Security Hub S3.8, of each bucket. */
export const privateBuckets: StackValidationPolicy = {
  name: "private-buckets",
  description:
    "Each bucket has a block of public access of its own, whatever the account's setting. Security Hub S3.8.",
  validateStack: (args, report) => {
    for (const bucket of allOfType(args, BUCKET)) {
      if (isNamedBy(allOfType(args, PUBLIC_ACCESS_BLOCK), "bucket", bucket)) continue;
      report("expected a BucketPublicAccessBlock for this bucket, got none; add one", bucket.urn);
    }
  },
};

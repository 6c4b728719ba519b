import type { ResourceValidationPolicy } from "@pulumi/policy";
import { ofType, type Report, violation, whereabouts } from "./rule";
import { AUTOSCALING_GROUP, EIP_ASSOCIATION, KEY_POLICY, LIFECYCLE_POLICY, PUBLIC_ACCESS_BLOCK } from "./types";
import { ROLE_POLICY, ROLE_POLICY_ATTACHMENT } from "./types";

/** Types of the AWS provider that take no tags. What is not listed is expected to have them, so that no new type goes untagged. */
const UNTAGGABLE: readonly string[] = [
  "aws:autoscaling/attachment:Attachment",
  "aws:autoscaling/lifecycleHook:LifecycleHook",
  "aws:autoscaling/policy:Policy",
  "aws:autoscaling/schedule:Schedule",
  "aws:cloudwatch/dashboard:Dashboard",
  "aws:ec2/route:Route",
  "aws:ec2/routeTableAssociation:RouteTableAssociation",
  "aws:ec2/volumeAttachment:VolumeAttachment",
  "aws:kms/alias:Alias",
  "aws:lb/targetGroupAttachment:TargetGroupAttachment",
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
  "aws:s3/bucketPolicy:BucketPolicy",
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  "aws:s3/bucketVersioning:BucketVersioning",
  EIP_ASSOCIATION,
  KEY_POLICY,
  LIFECYCLE_POLICY,
  PUBLIC_ACCESS_BLOCK,
  ROLE_POLICY,
  ROLE_POLICY_ATTACHMENT,
];

type Tags = Readonly<Record<string, string | undefined>>;
type GroupTags = readonly { key: string; value: string; propagateAtLaunch: boolean }[];

function judge(tags: Tags, urn: string, report: Report): void {
  const { project, stack } = whereabouts(urn);
  const expected: Tags = { Project: project, Stack: stack, Component: undefined };
  for (const [tag, value] of Object.entries(expected)) {
    const got = tags[tag];
    if (value === undefined ? got : got === value) continue;
    report(
      violation(`tags.${tag}`, value ? JSON.stringify(value) : "a part of the program", got, "use resourceTags()"),
    );
  }
}

/** Who pays for it, and who may remove it: tags Project, Stack and Component on whatever takes tags. */
export const tagged: ResourceValidationPolicy = {
  name: "tagged",
  description:
    "Every resource of AWS that takes tags says which project, stack and component it belongs to: bills, clean-ups and the hosts' own " +
    "discovery go by them. A type that takes none is listed in policy/tags.ts. AWS, Best practices for tagging.",
  validateResource: (args, reportViolation) => {
    if (!args.type.startsWith("aws:") || UNTAGGABLE.includes(args.type)) return;
    const report = (message: string) => reportViolation(message);
    if (args.type === AUTOSCALING_GROUP) {
      const tags = (args.props.tags ?? []) as GroupTags;
      judge(Object.fromEntries(tags.map(({ key, value }) => [key, value])), args.urn, report);
    } else {
      judge((args.props.tags ?? {}) as Tags, args.urn, report);
    }
  },
};

/** A group's tags are its hosts' tags. */
export const propagatedTags: ResourceValidationPolicy = {
  name: "propagated-tags",
  description:
    "An autoscaling group passes its tags on to the hosts that it starts. AWS, Tag Auto Scaling groups and instances.",
  validateResource: ofType<{ tags?: GroupTags }>(AUTOSCALING_GROUP, ({ tags }, report) => {
    for (const { key, propagateAtLaunch } of tags ?? []) {
      if (propagateAtLaunch === true) continue;
      report(violation(`tags.${key}.propagateAtLaunch`, "true", propagateAtLaunch, "set it to true"));
    }
  }),
};

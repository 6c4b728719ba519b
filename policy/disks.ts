import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { allOfType, isNamedBy, ofType, violation, whereabouts } from "./rule";
import { FLOW_LOG, INSTANCE, KEY, LAUNCH_TEMPLATE, REPOSITORY, VOLUME, VPC } from "./types";

interface Disk {
  encrypted?: boolean | string;
}

const REMEDY = "set it to true";

/** Every disk of every host is encrypted: Security Hub EC2.3. */
export const encryptedDisks: ResourceValidationPolicy = {
  name: "encrypted-disks",
  description:
    "Disks are encrypted, root disks among them: Raft's state, logs and images must not be readable from a copy. The image's " +
    "own setting decides where nothing is said. Security Hub EC2.3.",
  validateResource: [
    ofType<Disk>(VOLUME, ({ encrypted }, report) => {
      if (encrypted !== true) report(violation("encrypted", "true", encrypted, REMEDY));
    }),
    ofType<{ rootBlockDevice?: Disk; ebsBlockDevices?: readonly Disk[] }>(INSTANCE, (inputs, report) => {
      const root = inputs.rootBlockDevice?.encrypted;
      if (root !== true) report(violation("rootBlockDevice.encrypted", "true", root, REMEDY));
      for (const { encrypted } of inputs.ebsBlockDevices ?? []) {
        if (encrypted !== true) report(violation("ebsBlockDevices.encrypted", "true", encrypted, REMEDY));
      }
    }),
    ofType<{ blockDeviceMappings?: readonly { ebs?: Disk }[] }>(LAUNCH_TEMPLATE, (inputs, report) => {
      const disks = (inputs.blockDeviceMappings ?? []).flatMap(({ ebs }) => ebs ?? []);
      if (disks.length === 0) {
        report(violation("blockDeviceMappings", "the root disk, encrypted", undefined, "map it with encrypted: true"));
      }
      for (const { encrypted } of disks) {
        if (String(encrypted) === "true") continue;
        report(violation("blockDeviceMappings.ebs.encrypted", '"true"', encrypted, 'set it to "true"'));
      }
    }),
  ],
};

/** Policy configuration `{ "<rule>": { "stacks": ["prod"] } }`: the stacks whose data matters. */
const configSchema = { properties: { stacks: { type: "array" as const, default: ["prod"] } } };

function matters(urn: string, config: { stacks?: readonly string[] }): boolean {
  return (config.stacks ?? configSchema.properties.stacks.default).includes(whereabouts(urn).stack);
}

/** In the stacks that matter (by default `prod`), data volumes and keys are protected, and repositories keep their images. */
export const protectedData: ResourceValidationPolicy = {
  name: "protected-data",
  description:
    "Where data matters (the stacks of this rule's configuration, prod unless told otherwise), data volumes refuse to be deleted, " +
    "and so do the keys that they are encrypted with and repositories that hold images: a slip must not take the Raft state, or " +
    "what a rollback runs.",
  configSchema,
  validateResource: [
    ofType([VOLUME, KEY], (_, report, { urn, opts, getConfig }) => {
      if (opts.protect || !matters(urn, getConfig())) return;
      report(violation("protect", "true", opts.protect, "set cluster:protect to true for this stack"));
    }),
    ofType<{ forceDelete?: boolean }>(REPOSITORY, ({ forceDelete }, report, { urn, getConfig }) => {
      if (forceDelete !== true || !matters(urn, getConfig())) return;
      report(violation("forceDelete", "false", forceDelete, "set cluster:protect to true for this stack"));
    }),
  ],
};

/** In the stacks that matter (by default `prod`), a VPC has flow logs: Security Hub EC2.6. */
export const flowLogs: StackValidationPolicy = {
  name: "flow-logs",
  description:
    "Where data matters (the stacks of this rule's configuration, prod unless told otherwise), each VPC records who talked to " +
    "whom: after a break-in nothing else can tell. Security Hub EC2.6.",
  configSchema,
  validateStack: (args, report) => {
    for (const vpc of allOfType(args, VPC)) {
      if (!matters(vpc.urn, args.getConfig()) || isNamedBy(allOfType(args, FLOW_LOG), "vpcId", vpc)) continue;
      report("expected a FlowLog of this VPC, got none; set cluster:flowLogs to true for this stack", vpc.urn);
    }
  },
};

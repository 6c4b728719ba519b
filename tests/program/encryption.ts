import type { RecordingMocks, Registration } from "./recording-mocks";

/** Where each type of resource names the key that encrypts it. */
const KEY_OF: Readonly<Record<string, (inputs: Registration["inputs"]) => unknown>> = {
  "aws:ebs/volume:Volume": (inputs) => inputs.kmsKeyId,
  "aws:ec2/instance:Instance": (inputs) => inputs.rootBlockDevice.kmsKeyId,
  "aws:ec2/launchTemplate:LaunchTemplate": (inputs) => inputs.blockDeviceMappings[0].ebs.kmsKeyId,
  "aws:ssm/parameter:Parameter": (inputs) => inputs.keyId,
  "aws:ecr/repository:Repository": (inputs) => inputs.encryptionConfigurations?.[0].kmsKey,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (inputs) =>
    inputs.rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId,
  "aws:cloudwatch/logGroup:LogGroup": (inputs) => inputs.kmsKeyId,
};

/** The keys of everything that can have one, by the resource's name; undefined where AWS's own is left in place. */
export function encryptedWith(mocks: RecordingMocks): Record<string, unknown> {
  const found = mocks.registrations.flatMap(({ type, name, inputs }) => {
    const key = KEY_OF[type];
    return key === undefined ? [] : [[name, key(inputs)]];
  });
  return Object.fromEntries(found) as Record<string, unknown>;
}

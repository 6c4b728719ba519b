import * as pulumi from "@pulumi/pulumi";
import { Backups } from "../../components/backups";
import { type RecordingMocks, settle, startMocks } from "./recording-mocks";
import { PROGRAM_TIMEOUT_MS } from "./run-program";

const common = {
  identity: { project: "cluster", stack: "test", cluster: "cluster-test" },
  ...{ region: "eu-west-1", everyMinutes: 60, keepDays: 30 },
};

describe("backups", () => {
  let mocks: RecordingMocks;
  let encrypted: Backups;
  beforeAll(async () => {
    mocks = await startMocks("up");
    encrypted = new Backups("encrypted", {
      ...common,
      protect: true,
      encryptionKeyArn: pulumi.output("arn:key"),
    });
    new Backups("plain", { ...common, protect: false });
    await settle(mocks);
  }, PROGRAM_TIMEOUT_MS);

  const only = (type: string, name: string) => mocks.ofType(type)[name]!;

  it("go to a bucket that nobody outside reaches, and nobody without TLS", () => {
    expect(only("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "plain").inputs).toEqual({
      bucket: "plain-id",
      ...{ blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
    });
    const { policy } = only("aws:s3/bucketPolicy:BucketPolicy", "plain").inputs;
    expect(JSON.parse(policy as string)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: "*",
          Action: "s3:*",
          Resource: ["arn:plain", "arn:plain/*"],
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    });
  });

  it("are encrypted, with the cluster's own key where it has one", () => {
    const type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
    const rule = (name: string) => only(type, name).inputs.rules[0].applyServerSideEncryptionByDefault as unknown;
    expect(rule("plain")).toEqual({ sseAlgorithm: "AES256" });
    expect(rule("encrypted")).toEqual({ sseAlgorithm: "aws:kms", kmsMasterKeyId: "arn:key" });
    expect(encrypted.statements.map(({ Sid }) => Sid)).toEqual(["ListBackups", "SaveBackups", "EncryptBackups"]);
  });

  it("outlive what overwrites or deletes them, for as long as they are kept themselves", () => {
    expect(only("aws:s3/bucketVersioning:BucketVersioning", "plain").inputs).toEqual({
      bucket: "plain-id",
      versioningConfiguration: { status: "Enabled" },
    });
    const { rules } = only("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "plain").inputs;
    expect(rules).toEqual([
      {
        id: "expire",
        status: "Enabled",
        filter: {},
        expiration: { days: 30 },
        noncurrentVersionExpiration: { noncurrentDays: 30 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      },
    ]);
  });

  it("go with a stack that is not protected, and stay with one that is", () => {
    const bucket = (name: string) => only("aws:s3/bucket:Bucket", name);
    expect([bucket("plain").inputs.forceDestroy, bucket("plain").options.protect]).toEqual([true, false]);
    expect([bucket("encrypted").inputs.forceDestroy, bucket("encrypted").options.protect]).toEqual([false, true]);
  });
});

import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Statement } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface BackupsArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  /** Age of the newest backup, in minutes, at which the leaders save their state anew. */
  readonly everyMinutes: number;
  /** How long what was saved is kept, and what was overwritten or deleted by hand as well. */
  readonly keepDays: number;
  /** Refuses to delete the bucket; without it, the bucket goes with all that is in it. */
  readonly protect: boolean;
  readonly encryptionKeyArn?: pulumi.Output<string>;
}

/** A bucket for what Consul's and Nomad's leaders save of their state. */
export class Backups extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket;
  /** What servers may do: see what is there, add to it, never read or delete. */
  readonly statements: readonly Statement[];
  readonly everyMinutes: number;

  constructor(name: string, args: BackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:Backups", name, recordedInputs(args), opts);
    const tags = resourceTags(args.identity, "servers", "backups");
    this.everyMinutes = args.everyMinutes;
    this.bucket = new aws.s3.Bucket(
      name,
      { bucketPrefix: `${args.identity.cluster}-backups-`, forceDestroy: !args.protect, tags },
      { parent: this, protect: args.protect },
    );
    const bucket = this.bucket.id;
    new aws.s3.BucketPublicAccessBlock(
      name,
      { bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      { parent: this },
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      {
        bucket,
        rules: [
          {
            applyServerSideEncryptionByDefault:
              args.encryptionKeyArn === undefined
                ? { sseAlgorithm: "AES256" }
                : { sseAlgorithm: "aws:kms", kmsMasterKeyId: args.encryptionKeyArn },
            bucketKeyEnabled: true,
          },
        ],
      },
      { parent: this },
    );
    const versioning = new aws.s3.BucketVersioning(
      name,
      { bucket, versioningConfiguration: { status: "Enabled" } },
      { parent: this },
    );
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        bucket,
        rules: [
          {
            id: "expire",
            status: "Enabled",
            filter: {},
            expiration: { days: args.keepDays },
            noncurrentVersionExpiration: { noncurrentDays: args.keepDays },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      { parent: this, dependsOn: versioning },
    );
    new aws.s3.BucketPolicy(name, { bucket, policy: tlsOnly(this.bucket.arn) }, { parent: this });
    this.statements = [
      {
        Sid: "ListBackups",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: this.bucket.arn,
      },
      {
        Sid: "SaveBackups",
        Effect: "Allow",
        Action: ["s3:PutObject"],
        Resource: pulumi.interpolate`${this.bucket.arn}/*`,
      },
      ...(args.encryptionKeyArn === undefined ? [] : [encryptFor(args.region, args.encryptionKeyArn)]),
    ];
    this.registerOutputs({ bucket });
  }
}

/** What S3 does with the key for whoever adds an object. */
function encryptFor(region: string, keyArn: pulumi.Output<string>): Statement {
  return {
    Sid: "EncryptBackups",
    Effect: "Allow",
    Action: ["kms:GenerateDataKey"],
    Resource: keyArn,
    Condition: { StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` } },
  };
}

/** Whoever asks, asks over TLS. */
function tlsOnly(bucketArn: pulumi.Output<string>): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucketArn, pulumi.interpolate`${bucketArn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
}

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
  /** SNS topic that hears when no backup has come for a while, and when they come again. */
  readonly alarmTopicArn?: string;
  /** Refuses to delete the bucket; without it, the bucket goes with all that is in it. */
  readonly protect: boolean;
  readonly encryptionKeyArn?: pulumi.Output<string>;
}

/** How often servers look at the newest backup's age and tell it, in seconds. */
const LOOK_SECONDS = 60;

/** A bucket for what Consul's and Nomad's leaders save of their state, and an alarm for when they don't. */
export class Backups extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket;
  /** What servers may do: see what is there, add to it, never read or delete, and tell its age. */
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
    for (const program of ["consul", "nomad"]) this.#alarm(`${name}-${program}`, program, args, tags);
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
      {
        Sid: "TellAgeOfBackups",
        Effect: "Allow",
        Action: ["cloudwatch:PutMetricData"],
        Resource: "*",
        Condition: { StringEquals: { "cloudwatch:namespace": args.identity.cluster } },
      },
      ...(args.encryptionKeyArn === undefined ? [] : [encryptFor(args.region, args.encryptionKeyArn)]),
    ];
    this.registerOutputs({ bucket });
  }

  #alarm(name: string, program: string, args: BackupsArgs, tags: Record<string, string>): void {
    const actions = args.alarmTopicArn === undefined ? [] : [args.alarmTopicArn];
    new aws.cloudwatch.MetricAlarm(
      name,
      {
        alarmDescription: `${args.identity.cluster}: the newest backup of ${program} is older than two should be, or nobody tells its age`,
        namespace: args.identity.cluster,
        metricName: "BackupAge",
        dimensions: { Program: program },
        statistic: "Maximum",
        period: 5 * LOOK_SECONDS,
        evaluationPeriods: 2,
        threshold: 2 * args.everyMinutes * 60,
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: "breaching",
        alarmActions: actions,
        okActions: actions,
        tags,
      },
      { parent: this },
    );
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

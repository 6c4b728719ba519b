import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument, type ResourceStatement } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface EncryptionKeyArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  /** Refuses to delete the key, and with it everything that is encrypted. */
  readonly protect: boolean;
}

/** The longest that KMS offers: until then a deletion can be cancelled. */
const DELETION_WINDOW_DAYS = 30;

/** What a service does with the key on a volume's or a log group's behalf. */
const USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];

/** Path that the names of the cluster's log groups begin with, without a trailing slash. */
export const logGroupPath = (cluster: string): string => `/${cluster}`;

/** A KMS key of the cluster's own, for its volumes, parameters, images and logs. */
export class EncryptionKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:EncryptionKey", name, recordedInputs(args), opts);
    const { cluster } = args.identity;
    const account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;

    const key = new aws.kms.Key(
      name,
      {
        description: `Volumes, parameters, images and logs of ${cluster}`,
        enableKeyRotation: true,
        deletionWindowInDays: DELETION_WINDOW_DAYS,
        policy: policyDocument([
          delegateToIam(account),
          encryptLogs(args.region, account, cluster),
          ...encryptVolumesOfGroups(account),
        ]),
        tags: resourceTags(args.identity, "encryption", "key"),
      },
      { parent: this, protect: args.protect },
    );
    new aws.kms.Alias(name, { name: `alias/${cluster}`, targetKeyId: key.keyId }, { parent: this });

    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** Without it nobody but those whom the policy names could use the key, or ever change the policy. */
function delegateToIam(account: pulumi.Input<string>): ResourceStatement {
  return {
    Sid: "DelegateToIam",
    Effect: "Allow",
    Principal: { AWS: pulumi.interpolate`arn:aws:iam::${account}:root` },
    Action: ["kms:*"],
    Resource: "*",
  };
}

/** CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service". */
function encryptLogs(region: string, account: pulumi.Input<string>, cluster: string): ResourceStatement {
  const groups = pulumi.interpolate`arn:aws:logs:${region}:${account}:log-group:${logGroupPath(cluster)}/*`;
  return {
    Sid: "EncryptOwnLogGroups",
    Effect: "Allow",
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: USE,
    Resource: "*",
    Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": groups } },
  };
}

/**
 * A group starts no worker whose disk is encrypted with a key that its service-linked role may not use, and says so only in its
 * activity history. EC2 Auto Scaling User Guide, "Required AWS KMS key policy for use with encrypted volumes".
 */
function encryptVolumesOfGroups(account: pulumi.Input<string>): ResourceStatement[] {
  const service = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
  const Principal = { AWS: pulumi.interpolate`arn:aws:iam::${account}:${service}` };
  return [
    { Sid: "EncryptVolumesOfGroups", Effect: "Allow", Principal, Action: USE, Resource: "*" },
    {
      Sid: "AttachVolumesOfGroups",
      Effect: "Allow",
      Principal,
      Action: ["kms:CreateGrant"],
      Resource: "*",
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  ];
}

import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { logGroupPath } from "./encryption-key";
import { policyDocument, trustPolicy } from "./policies";
import type { Tags } from "./tags";

export interface FlowLogsArgs {
  readonly vpcId: pulumi.Input<string>;
  /** Becomes part of the log group's name, by which the cluster's key tells its own groups. */
  readonly cluster: string;
  readonly encryptionKeyArn?: pulumi.Output<string>;
  readonly tags: Tags;
}

const RETENTION_DAYS = 30;

/** Records the headers of all traffic of a VPC in CloudWatch Logs for 30 days. */
export function createFlowLogs(name: string, args: FlowLogsArgs, parent: pulumi.Resource): aws.ec2.FlowLog {
  const group = new aws.cloudwatch.LogGroup(
    `${name}-flow-logs`,
    {
      name: `${logGroupPath(args.cluster)}/flow-logs`,
      retentionInDays: RETENTION_DAYS,
      kmsKeyId: args.encryptionKeyArn,
      tags: args.tags,
    },
    { parent },
  );
  const role = new aws.iam.Role(
    `${name}-flow-logs`,
    { assumeRolePolicy: trustPolicy("vpc-flow-logs.amazonaws.com"), tags: args.tags },
    { parent },
  );
  const policy = new aws.iam.RolePolicy(
    `${name}-flow-logs`,
    {
      role: role.name,
      policy: policyDocument([
        {
          Sid: "WriteFlowLogs",
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
          Resource: [group.arn, pulumi.interpolate`${group.arn}:*`],
        },
      ]),
    },
    { parent },
  );
  return new aws.ec2.FlowLog(
    `${name}-flow-logs`,
    {
      vpcId: args.vpcId,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: group.arn,
      iamRoleArn: role.arn,
      tags: args.tags,
    },
    { parent, dependsOn: policy },
  );
}

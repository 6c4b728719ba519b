import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { logGroupPath } from "./encryption-key";
import type { Statement } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface LogGroupsArgs {
  readonly identity: ClusterIdentity;
  /** One of {@link RETENTION_DAYS}. */
  readonly retentionDays: number;
  /** Encrypts the logs instead of CloudWatch's own key. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
}

/** What CloudWatch Logs takes: API reference, PutRetentionPolicy. */
export const RETENTION_DAYS: readonly number[] = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

/** Where all hosts send what they say: agents to one log group, jobs to another. */
export class LogGroups extends pulumi.ComponentResource {
  /** What the groups' names begin with, without a trailing slash. */
  readonly path: string;
  /** What hosts may do: add to the groups, never read or delete. */
  readonly statement: Statement;

  constructor(name: string, args: LogGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:LogGroups", name, recordedInputs(args), opts);
    this.path = logGroupPath(args.identity.cluster);
    const groups = ["agents", "jobs"].map(
      (kind) =>
        new aws.cloudwatch.LogGroup(
          `${name}-${kind}`,
          {
            name: `${this.path}/${kind}`,
            retentionInDays: args.retentionDays,
            kmsKeyId: args.encryptionKeyArn,
            tags: resourceTags(args.identity, "logs", kind),
          },
          { parent: this },
        ),
    );
    this.statement = {
      Sid: "WriteLogs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      // Of streams: no host knows before what its own will be called.
      Resource: groups.map(({ arn }) => pulumi.interpolate`${arn}:log-stream:*`),
    };
    this.registerOutputs({ path: this.path });
  }
}

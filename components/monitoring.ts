import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { alarms, type WatchedPool } from "./alarms";
import type { Backups } from "./backups";
import { dashboardBody } from "./dashboard";
import type { EdgeProxy } from "./edge-proxy";
import { recordedInputs } from "./recorded-inputs";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface MonitoringArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  readonly servers: number;
  readonly edge: Pick<EdgeProxy, "loadBalancer" | "targetGroup">;
  readonly pools: readonly WatchedPool[];
  /** Services whose requests, errors and times are shown. */
  readonly services: readonly string[];
  readonly backups: Pick<Backups, "everyMinutes">;
  /** SNS topic that hears when an alarm begins and ends. */
  readonly alarmTopicArn?: string;
}

/** A dashboard of what AWS and the hosts report, and an alarm for each thing that somebody has to look at. */
export class Monitoring extends pulumi.ComponentResource {
  readonly dashboardUrl: pulumi.Output<string>;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:Monitoring", name, recordedInputs(args), opts);
    const { cluster } = args.identity;
    const { region, pools, servers } = args;
    const watched = {
      ...{ cluster, servers, pools, backupMinutes: args.backups.everyMinutes },
      loadBalancer: args.edge.loadBalancer.arnSuffix,
      targetGroup: args.edge.targetGroup.arnSuffix,
    };
    const actions = args.alarmTopicArn === undefined ? [] : [args.alarmTopicArn];
    const made = Object.entries(alarms(watched)).map(
      ([alarm, { meaning, condition }]) =>
        new aws.cloudwatch.MetricAlarm(
          `${name}-${alarm}`,
          {
            ...condition,
            name: `${cluster}-${alarm}`,
            alarmDescription: `${cluster}: ${meaning}. What to do: docs/troubleshooting.md, An alarm, "${alarm}"`,
            alarmActions: actions,
            okActions: actions,
            tags: resourceTags(args.identity, "monitoring", alarm),
          },
          { parent: this },
        ),
    );
    const dashboard = new aws.cloudwatch.Dashboard(
      name,
      {
        dashboardName: cluster,
        dashboardBody: pulumi
          .output({
            ...watched,
            ...{ region, services: args.services, alarmArns: made.map(({ arn }) => arn) },
          })
          .apply(dashboardBody),
      },
      { parent: this },
    );
    this.dashboardUrl = pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
    this.registerOutputs({ dashboardUrl: this.dashboardUrl });
  }
}

import type { ResourceModel } from "../model";
import type { Props } from "../wire";
import { pascal, tagList, unlessGone, withTags, type Aws } from "./context";

const alarm: ResourceModel<Aws> = {
  args:
    "name! alarmDescription namespace metricName dimensions statistic period evaluationPeriods threshold comparisonOperator " +
    "treatMissingData alarmActions okActions",
  autoname: { property: "name", maxLength: 255 },
  async create(aws, args) {
    await putAlarm(aws, args);
    return args.name;
  },
  async read({ cloudwatch }, id) {
    const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: [id] });
    return MetricAlarms?.[0] && { arn: MetricAlarms[0].AlarmArn };
  },
  update: (aws, { news }) => putAlarm(aws, news),
  delete: async ({ cloudwatch }, id) => void (await unlessGone(cloudwatch.deleteAlarms({ AlarmNames: [id] }))),
};

async function putAlarm({ cloudwatch }: Aws, args: Props): Promise<void> {
  const { name: AlarmName, dimensions = {}, okActions: OKActions, tags: _tags, tagsAll, ...rest } = args;
  await cloudwatch.putMetricAlarm({
    ...pascal(rest),
    ...{ AlarmName, OKActions, Tags: tagList(tagsAll) },
    Dimensions: Object.entries(dimensions as Props).map(([Name, Value]) => ({ Name, Value: String(Value) })),
  });
}

export const monitoringResources: Record<string, ResourceModel<Aws>> = {
  "aws:cloudwatch/metricAlarm:MetricAlarm": withTags(alarm, async ({ cloudwatch }, id, set, removed) => {
    const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: [id] });
    const ResourceARN = MetricAlarms?.[0]?.AlarmArn;
    if (removed.length > 0) await cloudwatch.untagResource({ ResourceARN, TagKeys: removed });
    if (Object.keys(set).length > 0) await cloudwatch.tagResource({ ResourceARN, Tags: tagList(set) });
  }),
};

import type { ResourceModel } from "../model";
import { equal, type Props } from "../wire";
import { pascal, tagList, unlessGone, withTags, type Aws } from "./context";

const dimensionList = (dimensions: Props | undefined) =>
  Object.entries(dimensions ?? {}).map(([Name, Value]) => ({ Name, Value: String(Value) }));

const alarm: ResourceModel<Aws> = {
  args:
    "name! alarmDescription namespace metricName dimensions statistic period evaluationPeriods datapointsToAlarm threshold " +
    "comparisonOperator treatMissingData alarmActions okActions " +
    "metricQueries{id label expression returnData metric{namespace metricName dimensions stat period}}",
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
  const { name: AlarmName, dimensions, okActions: OKActions, metricQueries, tags: _tags, tagsAll, ...rest } = args;
  await cloudwatch.putMetricAlarm({
    ...pascal(rest),
    ...{ AlarmName, OKActions, Tags: tagList(tagsAll) },
    ...(metricQueries ? { Metrics: metricQueries.map(query) } : { Dimensions: dimensionList(dimensions) }),
  });
}

function query({ metric, returnData = false, ...rest }: Props) {
  if (metric === undefined) return { ...pascal(rest), ReturnData: returnData };
  const { namespace: Namespace, metricName: MetricName, dimensions, stat: Stat, period: Period } = metric;
  const Metric = { Namespace, MetricName, Dimensions: dimensionList(dimensions) };
  return { ...pascal(rest), MetricStat: { Metric, Period, Stat }, ReturnData: returnData };
}

const dashboard: ResourceModel<Aws> = {
  args: "dashboardName! dashboardBody",
  // The same document in other words is no change.
  normalize: (_aws, args) => ({ ...args, dashboardBody: compact(args.dashboardBody) }),
  async create(aws, { dashboardName, dashboardBody }) {
    await aws.cloudwatch.putDashboard({ DashboardName: dashboardName, DashboardBody: dashboardBody });
    return dashboardName;
  },
  async read({ cloudwatch }, DashboardName, state) {
    const found = await unlessGone(cloudwatch.getDashboard({ DashboardName }));
    if (found === undefined) return undefined;
    const same = equal(JSON.parse(found.DashboardBody!), JSON.parse(state.dashboardBody ?? "{}"));
    return { dashboardArn: found.DashboardArn, ...(same ? {} : { dashboardBody: found.DashboardBody }) };
  },
  async update({ cloudwatch }, { id, news }) {
    await cloudwatch.putDashboard({ DashboardName: id, DashboardBody: news.dashboardBody });
  },
  delete: async ({ cloudwatch }, id) => void (await unlessGone(cloudwatch.deleteDashboards({ DashboardNames: [id] }))),
};

const compact = (text: unknown): unknown =>
  typeof text === "string" && text.startsWith("{") ? JSON.stringify(JSON.parse(text)) : text;

export const monitoringResources: Record<string, ResourceModel<Aws>> = {
  "aws:cloudwatch/dashboard:Dashboard": dashboard,
  "aws:cloudwatch/metricAlarm:MetricAlarm": withTags(alarm, async ({ cloudwatch }, id, set, removed) => {
    const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: [id] });
    const ResourceARN = MetricAlarms?.[0]?.AlarmArn;
    if (removed.length > 0) await cloudwatch.untagResource({ ResourceARN, TagKeys: removed });
    if (Object.keys(set).length > 0) await cloudwatch.tagResource({ ResourceARN, Tags: tagList(set) });
  }),
};

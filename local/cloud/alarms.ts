import {
  GetMetricDataCommand,
  paginateDescribeAlarms,
  SetAlarmStateCommand,
  type MetricAlarm,
  type MetricDataQuery,
} from "@aws-sdk/client-cloudwatch";
import { evaluate } from "mathjs";
import { alarmState, RANGE_BEYOND } from "./alarm-state";
import type { AnswerContext } from "./answers";
import type { Clients } from "./clients";

/** When it is, and how long a minute lasts. */
export interface Clock {
  readonly now: Date;
  readonly minuteSeconds: number;
}

type Values = (number | undefined)[];

export async function allAlarms({ cloudwatch }: Clients): Promise<MetricAlarm[]> {
  const alarms: MetricAlarm[] = [];
  for await (const page of paginateDescribeAlarms({ client: cloudwatch }, {}))
    alarms.push(...(page.MetricAlarms ?? []));
  return alarms;
}

/** Gives every alarm the state that its metric's values say. Actions are left out: there is no SNS here to send to. */
export async function judgeAlarms({ clients, log }: AnswerContext, clock: Clock): Promise<void> {
  for (const alarm of await allAlarms(clients)) {
    const values = await valuesOf(clients, alarm, alarm.EvaluationPeriods! + RANGE_BEYOND, clock);
    const state = alarmState(alarm, values);
    if (state === alarm.StateValue) continue;
    const shown = values.map((value) => (value === undefined ? "-" : Math.round(value * 100) / 100)).join(" ");
    log(`alarm ${alarm.AlarmName}: ${alarm.StateValue} -> ${state} (${shown})`);
    await clients.cloudwatch.send(
      new SetAlarmStateCommand({
        ...{ AlarmName: alarm.AlarmName, StateValue: state },
        StateReason: `Values of the last ${values.length} periods: ${shown}; threshold: ${alarm.Threshold}`,
      }),
    );
  }
}

/** The values of the last whole periods that an alarm looks at, oldest first. */
export async function valuesOf(
  { cloudwatch }: Clients,
  { Metrics, ...alarm }: MetricAlarm,
  count: number,
  { now, minuteSeconds }: Clock,
): Promise<Values> {
  const { Namespace, MetricName, Dimensions, Statistic: Stat, Period } = alarm;
  const Metric = { Namespace, MetricName, Dimensions };
  const queries: MetricDataQuery[] = Metrics?.length ? Metrics : [{ Id: "own", MetricStat: { Metric, Stat, Period } }];
  const stats = queries.filter(({ MetricStat }) => MetricStat !== undefined);
  const seconds = (stats[0]!.MetricStat!.Period! / 60) * minuteSeconds;
  const end = Math.floor(now.getTime() / 1000 / seconds) * seconds;
  const start = end - count * seconds;
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      ...{ StartTime: new Date(start * 1000), EndTime: new Date(end * 1000), ScanBy: "TimestampAscending" },
      MetricDataQueries: stats.map(({ Id, MetricStat }) => ({ Id, MetricStat: { ...MetricStat!, Period: seconds } })),
    }),
  );
  const series = new Map<string, Values>();
  for (const { Id, Timestamps = [], Values: found = [] } of MetricDataResults ?? []) {
    const values: Values = Array.from({ length: count }, () => undefined);
    Timestamps.forEach((time, index) => (values[(time.getTime() / 1000 - start) / seconds] = found[index]));
    series.set(Id!, values);
  }
  const expression = queries.find(({ Expression }) => Expression !== undefined)?.Expression;
  if (expression === undefined) return series.get(stats[0]!.Id!)!;
  return Array.from({ length: count }, (_, index) => calculate(expression, index, series));
}

const functions = {
  FILL: (value: number | null, instead: number) => value ?? instead,
  IF: <T>(condition: boolean, value: T, otherwise: T) => (condition ? value : otherwise),
};

/** One value of an expression in metric math; none where a metric that it does not fill in for has none. */
function calculate(expression: string, index: number, series: ReadonlyMap<string, Values>): number | undefined {
  const values = Object.fromEntries([...series].map(([id, each]) => [id, each[index] ?? null]));
  const filled = new Set([...expression.matchAll(/FILL\((\w+),/g)].map(([, id]) => id));
  if ([...series].some(([id, each]) => each[index] === undefined && !filled.has(id))) return undefined;
  return Number(evaluate(expression, { ...functions, ...values }));
}

import type { MetricAlarm, StateValue } from "@aws-sdk/client-cloudwatch";

/** What decides on an alarm's state, of all that it has. */
export type AlarmRule = Pick<
  MetricAlarm,
  "ComparisonOperator" | "Threshold" | "EvaluationPeriods" | "DatapointsToAlarm" | "TreatMissingData" | "StateValue"
>;

/**
 * Periods before those that count whose values may stand in for missing ones. AWS calls them all together the evaluation range,
 * and gives no number for the general case; in its examples three periods have a range of five.
 */
export const RANGE_BEYOND = 2;

const comparisons: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/**
 * The state that an alarm has by the values of its evaluation range, oldest first, undefined where there are none: CloudWatch User
 * Guide, "How alarm state is evaluated when data is missing".
 */
export function alarmState(rule: AlarmRule, values: readonly (number | undefined)[]): StateValue {
  const compare = comparisons[rule.ComparisonOperator!];
  if (compare === undefined) throw new Error(`comparison ${rule.ComparisonOperator} is not modelled`);
  const periods = rule.EvaluationPeriods!;
  const toAlarm = rule.DatapointsToAlarm ?? periods;
  const breaches = (value: number): boolean => compare(value, rule.Threshold!);
  const real = values.filter((value) => value !== undefined).slice(-periods);
  const missing = periods - real.length;
  const breaching = real.filter(breaches).length;
  switch (rule.TreatMissingData ?? "missing") {
    case "breaching":
      return breaching + missing >= toAlarm ? "ALARM" : "OK";
    case "notBreaching":
      return breaching >= toAlarm ? "ALARM" : "OK";
    case "missing":
      if (real.length === 0) return "INSUFFICIENT_DATA";
      if (breaching >= toAlarm || (missing > 0 && breachingFor(values, breaches) >= toAlarm)) return "ALARM";
      // Too early to tell.
      return breaching === real.length ? rule.StateValue! : "OK";
    default:
      throw new Error(`missing data treated as ${rule.TreatMissingData} is not modelled`);
  }
}

/** How many periods ago the first of the values came that have breached since, whatever is missing between them. */
function breachingFor(values: readonly (number | undefined)[], breaches: (value: number) => boolean): number {
  const lastGood = values.findLastIndex((value) => value !== undefined && !breaches(value));
  const first = values.findIndex((value, index) => index > lastGood && value !== undefined);
  return first < 0 ? 0 : values.length - first;
}

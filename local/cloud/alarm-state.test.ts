import { alarmState, type AlarmRule } from "./alarm-state";

const rule = (periods: number, toAlarm: number, missing?: string): AlarmRule => ({
  ...{ ComparisonOperator: "GreaterThanThreshold", Threshold: 1, StateValue: "OK" },
  ...{ EvaluationPeriods: periods, DatapointsToAlarm: toAlarm, TreatMissingData: missing },
});

/** As AWS writes them: X is over the threshold, 0 is not, - is missing. */
const values = (text: string) => [...text].map((each) => ({ X: 2, "0": 0 })[each]);

/** The states by how missing data is treated: as missing, breaching, not breaching. */
const states = (toAlarm: number, text: string) =>
  ["missing", "breaching", "notBreaching"].map((missing) =>
    alarmState({ ...rule(3, toAlarm, missing), StateValue: "INSUFFICIENT_DATA" }, values(text)),
  );

// CloudWatch User Guide, "How alarm state is evaluated when data is missing", but for the last row: "Avoiding premature transitions
// to alarm state".
describe("an alarm of three values out of three", () => {
  it.each([
    ["0-X-X", ["OK", "OK", "OK"]],
    ["0----", ["OK", "OK", "OK"]],
    ["-----", ["INSUFFICIENT_DATA", "ALARM", "OK"]],
    ["0XX-X", ["ALARM", "ALARM", "ALARM"]],
    ["--X--", ["ALARM", "ALARM", "OK"]],
    ["---XX", ["INSUFFICIENT_DATA", "ALARM", "OK"]],
  ])("with the values %s is %s", (text, expected) => expect(states(3, text)).toEqual(expected));
});

describe("an alarm of two values out of three", () => {
  it.each([
    ["0-X-X", ["ALARM", "ALARM", "ALARM"]],
    ["00X0X", ["ALARM", "ALARM", "ALARM"]],
    ["----0", ["OK", "ALARM", "OK"]],
    ["---X-", ["ALARM", "ALARM", "OK"]],
    ["----X", ["INSUFFICIENT_DATA", "ALARM", "OK"]],
  ])("with the values %s is %s", (text, expected) => expect(states(2, text)).toEqual(expected));
});

it.each([
  ["GreaterThanThreshold", [false, false, true]],
  ["GreaterThanOrEqualToThreshold", [false, true, true]],
  ["LessThanThreshold", [true, false, false]],
  ["LessThanOrEqualToThreshold", [true, true, false]],
] as const)("%s is told from its neighbours", (ComparisonOperator, breaching) => {
  const state = (value: number) => alarmState({ ...rule(1, 1), ComparisonOperator }, [value]);
  expect([0, 1, 2].map((value) => state(value) === "ALARM")).toEqual(breaching);
});

it("refuses what it does not know", () => {
  const comparison = { ...rule(1, 1), ComparisonOperator: "LessThanLowerThreshold" as const };
  expect(() => alarmState(comparison, [1])).toThrow("comparison LessThanLowerThreshold is not modelled");
  expect(() => alarmState(rule(1, 1, "ignore"), [1])).toThrow("missing data treated as ignore is not modelled");
});

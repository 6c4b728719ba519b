import { columns } from "../local/cli/columns";
import { type Answer, holds, type Line, type Question } from "./question";

/** A question, and what came of it: an answer, or why there is none. */
export interface Result {
  readonly question: Pick<Question, "name" | "title">;
  readonly answer?: Answer;
  readonly error?: string;
}

export const passes = ({ answer, error }: Result): boolean => error === undefined && (answer?.lines ?? []).every(holds);

/** Goals that are met and that are not, by jest's names for tests; a question without an answer misses one. */
export function tally(results: readonly Result[]): {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
} {
  const goals = results.flatMap(({ answer }) => answer?.lines.filter(({ goal }) => goal !== undefined) ?? []);
  const met = goals.filter(holds).length;
  const unanswered = results.filter(({ error }) => error !== undefined).length;
  return { numPassedTests: met, numFailedTests: goals.length - met + unanswered };
}

/** Three digits that count, and none that say nothing. */
export function digits(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 5 : 3)));
}

const withUnit = (value: string, unit: Line["unit"]): string => `${value} ${unit}`.trim();

function rowOf(line: Line): string[] {
  const { what, value, unit, goal, note } = line;
  const { median, low, high, count } = value;
  return [
    `  ${what}`,
    withUnit(digits(median), unit),
    count > 1 ? `${digits(low)} to ${digits(high)}` : "",
    goal === undefined ? "" : withUnit(`${goal.atLeast === true ? ">=" : "<="} ${digits(goal.limit)}`, unit),
    [goal === undefined ? "" : holds(line) ? "met" : "not met", note ?? ""].filter(Boolean).join(": "),
  ];
}

/** One table of all that was asked: what, median, spread, goal, and whether it is met. */
export function table(results: readonly Result[]): string {
  const rows = results.flatMap(({ question, answer, error }) => [
    [question.title, "", "", "", error === undefined ? "" : `failed: ${error}`],
    ...(answer?.lines ?? []).map(rowOf),
    ...(answer?.notes ?? []).map((note) => [`  (${note})`]),
  ]);
  // Notes are not as wide as a column: they run on to its right.
  const isNote = (row: readonly string[]) => row.length === 1;
  const lines = columns([["", "median", "spread", "goal", ""], ...rows.filter((row) => !isNote(row))]).split("\n");
  const header = lines.shift()!;
  return [header, ...rows.map((row) => (isNote(row) ? row[0]! : lines.shift()!))].join("\n");
}

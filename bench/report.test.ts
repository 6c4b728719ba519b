import { exactly } from "./sampling";
import type { Line } from "./question";
import { passes, type Result, tally } from "./report";

const question = { name: "apps", title: "What do the apps cost?" };
const line = (value: number, goal?: Line["goal"]): Line => ({
  what: "a figure",
  value: exactly(value),
  unit: "x",
  goal,
});
const answered = (...lines: Line[]): Result => ({ question, answer: { lines, charts: [] } });

describe("the results of a bench", () => {
  it("count each goal, and nothing that has none", () => {
    const results = [answered(line(1, { limit: 1 }), line(5)), answered(line(0.5, { limit: 0.9, atLeast: true }))];
    expect(tally(results)).toEqual({ numPassedTests: 1, numFailedTests: 1 });
    expect(results.map(passes)).toEqual([true, false]);
  });

  it("miss a goal for each question without an answer", () => {
    const result: Result = { question, error: "nobody listens" };
    expect(tally([result, answered(line(1, { limit: 1 }))])).toEqual({ numPassedTests: 1, numFailedTests: 1 });
    expect(passes(result)).toBe(false);
  });
});

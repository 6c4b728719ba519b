import { bars } from "./bars";
import type { Line } from "./question";
import { spread } from "./sampling";

const lines: readonly Line[] = [
  { what: "fast enough", value: spread([0.9, 1, 1.2]), unit: "x", goal: { limit: 0.85, atLeast: true } },
  { what: "too slow", value: spread([0.5]), unit: "x", goal: { limit: 0.85, atLeast: true } },
  { what: "as it is", value: spread([30, 40]), unit: "MB" },
];

test("lines of one unit share an axis, with what they are, their spread and their goal", () => {
  const { vconcat } = bars("What is it?", lines) as unknown as { vconcat: { data: { values: object[] } }[] };
  expect(vconcat.map(({ data }) => data.values)).toEqual([
    [
      { what: "fast enough", median: 1, low: 0.9, high: 1.2, goal: 0.85, verdict: "met" },
      { what: "too slow", median: 0.5, low: 0.5, high: 0.5, goal: 0.85, verdict: "not met" },
    ],
    [{ what: "as it is", median: 35, low: 30, high: 40, goal: null, verdict: "no goal" }],
  ]);
});

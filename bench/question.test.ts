import { goalOf, holds, type Line } from "./question";
import { exactly, spread } from "./sampling";

const line = (value: number, goal?: Line["goal"]): Line => ({ what: "this", value: exactly(value), unit: "x", goal });

test("a goal is met at its very limit", () => {
  expect(holds(line(0.85, { limit: 0.85, atLeast: true }))).toBe(true);
  expect(holds(line(0.849, { limit: 0.85, atLeast: true }))).toBe(false);
  expect(holds(line(2, { limit: 2 }))).toBe(true);
  expect(holds(line(2.001, { limit: 2 }))).toBe(false);
});

test("the median meets a goal, and a figure without one always does", () => {
  expect(holds({ ...line(0, { limit: 2 }), value: spread([1, 2, 9]) })).toBe(true);
  expect(holds(line(1e9))).toBe(true);
});

test("the short form leaves half of what must be reached, and doubles what must not be exceeded", () => {
  expect(goalOf({ short: false }, "atLeast", 0.8)).toEqual({ limit: 0.8, atLeast: true });
  expect(goalOf({ short: true }, "atLeast", 0.8)).toEqual({ limit: 0.4, atLeast: true });
  expect(goalOf({ short: false }, "atMost", 1.1)).toEqual({ limit: 1.1 });
  expect(goalOf({ short: true }, "atMost", 1.1)).toEqual({ limit: 2.2 });
});

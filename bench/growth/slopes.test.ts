import { bend, each, type Point } from "./slopes";

const points: Point[] = [2, 10, 100, 200, 300].map((size) => ({ size, variant: `${size} services` }));

/** Two rounds, of which the second is twice as slow. */
const samplesOf = (ms: (size: number) => number) =>
  new Map(points.map(({ size, variant }) => [variant, [{ ms: ms(size) }, { ms: 2 * ms(size) }]]));

describe("what grows in proportion", () => {
  const samples = samplesOf((size) => 3000 + 20 * size);

  it("costs its slope for each, round by round", () => {
    const { median, low, high, count } = each(samples, points, "ms");
    expect([median, low, high].map((value) => Math.round(value * 1000) / 1000)).toEqual([30, 20, 40]);
    expect(count).toBe(2);
  });

  it("has no bend", () => {
    expect(bend(samples, points, "ms")).toEqual({ median: 1, low: 1, high: 1, count: 2 });
  });
});

it("what a start has left over for the first ones is no bend", () => {
  expect(
    bend(
      samplesOf((size) => Math.max(300, 200 + size)),
      points,
      "ms",
    ).median,
  ).toBe(1);
});

it("what grows with the square is bent upwards", () => {
  expect(
    bend(
      samplesOf((size) => size * size),
      points,
      "ms",
    ).median,
  ).toBeCloseTo(500 / 300);
});

it("what levels off is bent downwards", () => {
  expect(
    bend(
      samplesOf((size) => Math.sqrt(size)),
      points,
      "ms",
    ).median,
  ).toBeLessThan(0.8);
});

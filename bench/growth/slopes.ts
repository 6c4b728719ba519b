import { linearRegression } from "simple-statistics";
import { type Samples, type Spread, spread } from "../sampling";

/** What was measured at one size. */
export interface Point {
  readonly size: number;
  /** The variant's name. */
  readonly variant: string;
}

type Pair = readonly [size: number, value: number];

/** Of each round, what `of` makes of one figure at several sizes. */
function byRound(
  samples: Samples,
  points: readonly Point[],
  figure: string,
  of: (pairs: readonly Pair[]) => number,
): Spread {
  const columns = points.map(({ size, variant }) =>
    samples.get(variant)!.map((sample): Pair => [size, sample[figure]!]),
  );
  return spread(columns[0]!.map((_, round) => of(columns.map((column) => column[round]!))));
}

/** What one more costs: the least squares' line through all sizes, round by round. */
export const each = (samples: Samples, points: readonly Point[], figure: string): Spread =>
  byRound(samples, points, figure, (pairs) => linearRegression(pairs.map((pair) => [...pair])).m);

/**
 * What one more costs between the last two sizes, as a share of what it costs between the last but two and the last but one, round by round: 1 where the
 * growth is linear, more where it is worse. What comes before is left out: while a process is small, more fits into what its start has left.
 */
export const bend = (samples: Samples, points: readonly Point[], figure: string): Spread =>
  byRound(samples, points, figure, (pairs) => {
    const [first, middle, last] = pairs.slice(-3) as [Pair, Pair, Pair];
    return slope(middle, last) / slope(first, middle);
  });

const slope = (from: Pair, to: Pair): number => (to[1] - from[1]) / (to[0] - from[0]);

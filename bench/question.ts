import type { Spec } from "./chart";
import type { Programs } from "./programs";
import type { Spread } from "./sampling";

/** What a median must not exceed, or with `atLeast` must reach. */
export interface Goal {
  readonly limit: number;
  readonly atLeast?: boolean;
}

/** One figure of an answer. */
export interface Line {
  /** Says the whole of it: `requests a second, through Consul DNS against a fixed address`. */
  readonly what: string;
  readonly value: Spread;
  /** `x` for a ratio of two things that were measured side by side. */
  readonly unit: "x" | "s" | "ms" | "MB" | "KB" | "%" | "USD" | "";
  readonly goal?: Goal;
  /** Why a goal is not met, or what the figure is made of. */
  readonly note?: string;
}

/** A file name without its ending, and what it shows. */
export interface Chart {
  readonly file: string;
  readonly spec: Spec;
}

export interface Answer {
  readonly lines: readonly Line[];
  readonly charts: readonly Chart[];
  /** Sentences that belong to the figures: what was measured, and on what. */
  readonly notes?: readonly string[];
}

/** What a question works with. */
export interface Bench {
  /** Fewer and shorter rounds: for CI, which looks for gross faults only. */
  readonly short: boolean;
  /** How often each variant is measured, besides once to warm up. */
  readonly rounds: number;
  /** How long one measurement under load lasts. */
  readonly seconds: number;
  /** What it starts ends with it, whatever happens. */
  readonly programs: Programs;
  /** Resolves when the stack of the bench is up and all is well in it. All questions of a run share it; it ends with the run. */
  stack(): Promise<void>;
  say(message: string): void;
}

export interface Question {
  /** One word, by which it is chosen on the command line. */
  readonly name: string;
  readonly title: string;
  /** Part of the short form. */
  readonly short?: boolean;
  ask(bench: Bench): Promise<Answer>;
}

/**
 * A goal, which the short form widens until only a gross fault misses it: to half of what must be reached, to twice what must not be
 * exceeded. Its few short rounds are measured on machines that others use too, whose noise alone is a large part of that.
 */
export function goalOf({ short }: Pick<Bench, "short">, kind: "atLeast" | "atMost", limit: number): Goal {
  if (kind === "atLeast") return { limit: short ? limit / 2 : limit, atLeast: true };
  return { limit: short ? limit * 2 : limit };
}

export const holds = ({ value, goal }: Line): boolean =>
  goal === undefined || (goal.atLeast === true ? value.median >= goal.limit : value.median <= goal.limit);

import type { Load, Visit } from "../e2e/load";

/** One figure of a scenario, against what it must not exceed. */
export interface Figure {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: "s" | "%" | "";
  /** The limit is the least, not the most. */
  readonly atLeast?: boolean;
}

/** What a scenario works with. */
export interface Drill {
  /** What has been asked since the scenario began. */
  readonly load: Load;
  /** For who {@link Scenario.ownsStack owns the stack}, once there is a page to ask for. */
  startLoad(): Promise<void>;
  say(message: string): void;
}

export interface Scenario {
  readonly name: string;
  /** Takes the stack away and makes it anew, and begins the load itself, if any: comes last. */
  readonly ownsStack?: boolean;
  /**
   * Breaks something, waits until all is well again, and gives its figures. Requests that fail are counted by the harness over the whole
   * run; `mayFail` says which of them are part of the scenario.
   */
  run(drill: Drill): Promise<{ readonly figures: readonly Figure[]; readonly mayFail?: (visit: Visit) => boolean }>;
}

export interface Result {
  readonly scenario: string;
  readonly figures: readonly Figure[];
  readonly requests: number;
  readonly failed: number;
  /** Visitors who were due and did not come, as too many waited: none of them is among the requests. */
  readonly stayedAway: number;
  /** Failed requests that are no part of the scenario. */
  readonly unexpected: number;
  readonly error?: string;
}

/** Of a scenario that loses what is under way: visits that had not ended when it began, and began before an end; milliseconds since the epoch. */
export const underWay =
  (from: number, until: number) =>
  ({ at, ms }: Visit): boolean =>
    at + ms >= from && at < until;

export const holds = ({ limit, measured, atLeast }: Figure): boolean =>
  atLeast === true ? measured >= limit : measured <= limit;

export const passes = ({ figures, unexpected, error }: Result): boolean =>
  error === undefined && unexpected === 0 && figures.every(holds);

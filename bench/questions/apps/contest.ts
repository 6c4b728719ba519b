import { load } from "../../load";
import type { Bench, Goal, Line } from "../../question";
import { alternate, exactly, figure, ratio } from "../../sampling";

export interface Opponent {
  /** Completes "against ...". */
  readonly name: string;
  readonly url: string;
  /** What the app must reach of its throughput. */
  readonly goal?: Goal;
  readonly note?: string;
}

export interface Contest {
  /** An app and a route of it. */
  readonly what: string;
  readonly url: string;
  readonly against: readonly Opponent[];
}

/** An app under as much load as it takes, and what it is measured against, by turns: its throughput as a share of theirs. */
export async function contest(bench: Bench, { what, url, against }: Contest): Promise<Line[]> {
  // There are many of them, and each second has thousands of requests.
  const seconds = Math.ceil(bench.seconds / 3);
  let failed = 0;
  const variants = [{ name: "app", url }, ...against].map((variant) => ({
    name: variant.name,
    measure: async () => {
      const result = await load({ url: variant.url, seconds });
      failed += result.failed;
      return { requests: result.requestsPerSecond };
    },
  }));
  const samples = await alternate(variants, bench);
  return [
    { what: `${what}, requests a second`, value: figure(samples, "app", "requests"), unit: "" },
    ...against.map(({ name, goal, note }): Line => {
      const value = ratio(samples, "app", name, "requests");
      return { what: `${what}, against ${name}`, value, unit: "x", goal, note };
    }),
    ...(failed === 0 ? [] : [notServed(what, failed)]),
  ];
}

const notServed = (what: string, failed: number): Line => ({
  ...{ what: `${what}, requests of all that were not served`, value: exactly(failed), unit: "", goal: { limit: 0 } },
});

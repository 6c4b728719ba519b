/** A line of a run's progress, and when it came, in seconds since the run began. */
export interface Said {
  readonly line: string;
  readonly at: number;
}

/** A resource that a run has changed. */
export interface Step {
  /** As the command line names it: `nomad:index:Job backend-job`. */
  readonly resource: string;
  /** That it took, in whole seconds, which is how the command line says it; 0 for less than one. */
  readonly seconds: number;
  /** When it was done, in seconds since the run began. */
  readonly doneAt: number;
}

/** As local/engine-progress.ts writes them: `[  67 s] ~ nomad:index:Job backend-job updated in 29 s (hcl2)`. */
const DONE = /^\[ *\d+ s\] [+~±-] (\S+ \S+) [a-z]+ed(?: replaced| replacement)?(?: in (\d+) s)?(?: \(.*\))?$/;

/** What a run has changed, in the order in which it was done. */
export const stepsOf = (said: readonly Said[]): Step[] =>
  said.flatMap(({ line, at }) => {
    const [, resource, seconds = "0"] = DONE.exec(line) ?? [];
    return resource === undefined ? [] : [{ resource, seconds: Number(seconds), doneAt: at }];
  });

/** The step of one resource; throws when the run has not changed it. */
export function stepOf({ steps }: { readonly steps: readonly Step[] }, resource: string): Step {
  const found = steps.find((step) => step.resource === resource);
  if (found !== undefined) return found;
  const changed = steps.map((step) => step.resource).join(", ");
  throw new Error(`expected a change of ${resource}, got ${changed || "none at all"}`);
}

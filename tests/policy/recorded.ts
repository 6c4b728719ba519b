import type { TestResource } from "../../policy/test-resources";
import type { RecordingMocks } from "../program/recording-mocks";

/** A recorded resource that a test may change before it is judged. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly stack: string;
  props: Record<string, any>;
  protect: boolean;
  /** Resources that a property was made from, as `type::name`. */
  madeFrom: Record<string, readonly string[]>;
}

/** Copies of everything that a run of the program has registered. */
export function recorded(mocks: RecordingMocks, stack: string): Recorded[] {
  return mocks.registrations.map(({ type, name, inputs, options }) => ({
    type,
    name,
    stack,
    props: structuredClone(inputs),
    protect: options.protect,
    madeFrom: { ...options.madeFrom },
  }));
}

/** What rules are run over: references by name become references to the resources, as long as those are there. */
export function judged(resources: readonly Recorded[]): TestResource[] {
  const found = new Map<string, TestResource & { madeFrom: Record<string, readonly TestResource[]> }>();
  for (const { type, name, stack, props, protect } of resources) {
    found.set(`${type}::${name}`, { type, name, stack, props, protect, madeFrom: {} });
  }
  for (const { type, name, madeFrom } of resources) {
    const own = found.get(`${type}::${name}`)!;
    for (const [property, targets] of Object.entries(madeFrom)) {
      own.madeFrom[property] = targets.flatMap((target) => found.get(target) ?? []);
    }
  }
  return [...found.values()];
}

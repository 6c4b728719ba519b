import { max, median, min } from "simple-statistics";

/** Of several measurements of one thing. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Figures of one measurement, by name. */
export type Sample = Readonly<Record<string, number>>;

/** Something that is measured several times. */
export interface Variant {
  readonly name: string;
  measure(): Promise<Sample>;
}

/** All samples of each variant, by its name, in the order in which they were taken. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

export interface AlternateOptions {
  /** Measurements of each variant that count. One before them, which warms up, does not. */
  readonly rounds: number;
  readonly say?: (message: string) => void;
}

export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error("expected at least one measurement, got none");
  const all = [...values];
  return { median: median(all), low: min(all), high: max(all), count: all.length };
}

/** Of something that is known, not measured. */
export const exactly = (value: number): Spread => spread([value]);

/**
 * Measures variants by turns, so that whatever else the machine does in the meantime falls on all of them alike; each round begins with another
 * variant.
 */
export async function alternate(variants: readonly Variant[], { rounds, say }: AlternateOptions): Promise<Samples> {
  const samples = new Map<string, Sample[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    const first = round % variants.length;
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      const sample = await variant.measure();
      if (round > 0) samples.get(variant.name)!.push(sample);
    }
    say?.(round === 0 ? "warmed up" : `round ${round} of ${rounds}`);
  }
  return samples;
}

/** The spread of one figure of one variant. */
export function figure(samples: Samples, variant: string, name: string): Spread {
  return spread(samples.get(variant)!.map((sample) => valueOf(sample, name)));
}

/** A figure of one variant as a share of another's, round by round: what a whole round suffers cancels out. */
export function ratio(samples: Samples, variant: string, against: string, name: string): Spread {
  const base = samples.get(against)!;
  return spread(samples.get(variant)!.map((sample, round) => valueOf(sample, name) / valueOf(base[round]!, name)));
}

function valueOf(sample: Sample, name: string): number {
  const value = sample[name];
  if (value === undefined || !Number.isFinite(value))
    throw new Error(`expected a figure ${name}, got ${String(value)}`);
  return value;
}

import type { Spec } from "../chart";
import { startGrowthCloud } from "../growth/cloud";
import { inFreshProcess, OWN_SERVICES } from "../growth/fresh-process";
import { bend, each, type Point } from "../growth/slopes";
import type { Answer, Bench, Line, Question } from "../question";
import { alternate, figure, ratio, type Samples, type Variant } from "../sampling";

interface Sizes {
  readonly services: readonly number[];
  readonly workers: readonly number[];
}

/** In rising order. The last numbers of services are there to tell a line from a curve. */
const FULL: Sizes = { services: [OWN_SERVICES, 10, 100, 200, 300], workers: [3, 30, 300] };
const SHORT: Sizes = { services: [OWN_SERVICES, 10], workers: [3, 30] };

type Kind = "preview" | "mocks";
/** The engine's share of a preview is many times the program's, and hides it from a few measurements. */
const kindsOf = (short: boolean): readonly Kind[] => (short ? ["mocks"] : ["preview", "mocks"]);
const nameOf = (kind: Kind, services: number, workers: number): string =>
  `${kind}, ${services} services, ${workers} workers`;
const gateOf = (workers: number): string => `gate, ${workers} workers`;

export const programGrowth: Question = {
  name: "program",
  title: "How does the program grow?",
  short: true,
  async ask(bench) {
    const sizes = bench.short ? SHORT : FULL;
    const cloud = await startGrowthCloud(sizes.workers);
    try {
      const few = sizes.workers[0]!;
      const programs: [number, number][] = [
        ...sizes.services.map((services): [number, number] => [services, few]),
        ...sizes.workers.slice(1).map((workers): [number, number] => [OWN_SERVICES, workers]),
      ];
      const variants: Variant[] = [
        ...programs.flatMap(([services, workers]) =>
          kindsOf(bench.short).map((kind) => ({
            name: nameOf(kind, services, workers),
            measure: () =>
              inFreshProcess(kind, kind === "mocks" ? [services, workers] : [services, workers, cloud.endpoint]),
          })),
        ),
        ...sizes.workers.map((workers) => ({
          name: gateOf(workers),
          measure: () => inFreshProcess("gate", cloud.clusters.get(workers)!),
        })),
      ];
      // Each measurement takes seconds: five rounds of them are as long as anybody waits.
      const samples = await alternate(variants, { rounds: Math.min(bench.rounds, 5), say: bench.say });
      return answer(bench, samples, sizes);
    } finally {
      await cloud.stop();
    }
  },
};

const KINDS = { preview: "in a preview by the engine", mocks: "under mocks" } as const;

/** What the program takes, by one kind of run. */
function programLines(kind: Kind, short: boolean, samples: Samples, sizes: Sizes): Line[] {
  const [few, many] = [sizes.workers[0]!, sizes.workers.at(-1)!];
  const points = sizes.services.map((size): Point => ({ size, variant: nameOf(kind, size, few) }));
  const [less, more] = [nameOf(kind, OWN_SERVICES, few), nameOf(kind, OWN_SERVICES, many)];
  const where = KINDS[kind];
  // In the short form the services are too few to be seen in the time, which is also what the rest of the machine does; not so in the CPU.
  const [time, word] = short ? (["cpuMs", "CPU"] as const) : (["ms", "time"] as const);
  const figures = [[time, word] as const, ["megabytes", "memory"] as const];
  const bends = (short ? [] : figures).map(([name, of]): Line => ({
    what: `${of} of one of the third hundred services against one of the second, ${where}`,
    value: bend(samples, points, name),
    unit: "x",
    goal: { limit: 1.25 },
  }));
  const workers = figures.map(([name, of]): Line => ({
    what: `${of} for pools of ${many} workers against ${few}, ${where}`,
    value: ratio(samples, more, less, name),
    unit: "x",
    goal: { limit: short ? 2 : 1.1 },
  }));
  const service: Line = {
    what: `${word} of a service, ${where}`,
    value: each(samples, points, time),
    unit: "ms",
    goal: { limit: short ? 250 : 50 },
  };
  const memory: Line = {
    what: `memory of a service, ${where}`,
    value: each(samples, points, "megabytes"),
    unit: "MB",
  };
  return [service, memory, ...bends, ...workers];
}

function answer({ short }: Bench, samples: Samples, sizes: Sizes): Answer {
  const [few, many] = [sizes.workers[0]!, sizes.workers.at(-1)!];
  const middle = sizes.workers.at(-2)!;
  return {
    lines: [
      ...kindsOf(short).flatMap((kind) => programLines(kind, short, samples, sizes)),
      ...sizes.workers.map((workers): Line => ({
        what: `CPU of one look of the gate at ${workers} workers`,
        value: figure(samples, gateOf(workers), "lookCpuMs"),
        unit: "ms",
      })),
      {
        what: `CPU of a look at ${many} workers against ${middle}`,
        value: ratio(samples, gateOf(many), gateOf(middle), "lookCpuMs"),
        unit: "x",
        goal: { limit: many / middle },
      },
      {
        what: `memory of the gate with ${many} workers against ${few}`,
        value: ratio(samples, gateOf(many), gateOf(few), "megabytes"),
        unit: "x",
        goal: { limit: short ? 2 : 1.5 },
      },
    ],
    charts: [{ file: "program-growth", spec: chart(kindsOf(short), samples, sizes.services, few) }],
    notes: [
      "a preview is a first one, by the real engine against this project's AWS API and providers, which run in the program's process",
      `the program has ${OWN_SERVICES} services of its own; the others are built from its frontend's folder, which is read and hashed for each`,
    ],
  };
}

/** Seconds of a preview and of the program alone by the number of services, both logarithmic: a straight line is a power. */
function chart(kinds: readonly Kind[], samples: Samples, services: readonly number[], workers: number): Spec {
  const values = kinds.flatMap((kind) =>
    services.map((count) => {
      const { median, low, high } = figure(samples, nameOf(kind, count, workers), "ms");
      return {
        services: count,
        what: kind === "preview" ? "preview" : "under mocks",
        seconds: median / 1000,
        low: low / 1000,
        high: high / 1000,
      };
    }),
  );
  const x = { field: "services", type: "quantitative", scale: { type: "log" }, title: "services" } as const;
  const color = { field: "what", type: "nominal", title: null } as const;
  return {
    title: "How the program grows",
    width: 480,
    height: 300,
    data: { values },
    layer: [
      {
        mark: { type: "line", point: true },
        encoding: { x, y: { field: "seconds", type: "quantitative", scale: { type: "log" }, title: "seconds" }, color },
      },
      {
        mark: "rule",
        encoding: { x, y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color },
      },
    ],
  };
}

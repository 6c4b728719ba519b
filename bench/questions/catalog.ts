import { setTimeout as sleep } from "node:timers/promises";
import { type Layout, type Stack, startStack } from "../catalog/layout";
import type { Spec } from "../chart";
import type { Answer, Bench, Line, Question } from "../question";
import { exactly, type Sample, spread, type Spread } from "../sampling";

const FEW: Layout = { name: "5 instances", services: 1, each: 5 };
const ONE: Layout = { name: "500 instances of one service", services: 1, each: 500 };
const LAYOUTS: readonly Layout[] = [
  FEW,
  ONE,
  { name: "500 instances of 100 services", services: 100, each: 5 },
  {
    name: "500 instances of one service that Traefik does not check itself",
    services: 1,
    each: 500,
    healthChecks: "none",
  },
];

/** All that is measured of one layout; memory is in MB. */
interface Measured {
  readonly layout: Layout;
  readonly poll: readonly Sample[];
  readonly rest: readonly Sample[];
  readonly arrival: readonly Sample[];
  readonly lookup: readonly Sample[];
  readonly memory: { readonly traefik: number; readonly consul: number };
}

async function repeat(times: number, measure: (round: number) => Promise<Sample>): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < times; round++) samples.push(await measure(round));
  return samples;
}

async function measureStack({ rounds, seconds }: Bench, layout: Layout, stack: Stack): Promise<Measured> {
  // What a start costs is over.
  await sleep(5000);
  const rest = await repeat(rounds, () => stack.rest(Math.max(2, seconds / 2)));
  const memory = { traefik: stack.traefik.memory(), consul: stack.registry.memory() };
  const poll = (await repeat(rounds + 1, () => stack.poll())).slice(1);
  const lookup = (await repeat(rounds + 1, () => stack.lookup(20))).slice(1);
  // At another moment between two polls each time.
  const arrival = await repeat(rounds, async (round) => {
    await sleep((1000 * round) / rounds);
    return stack.arrival();
  });
  return { layout, poll, rest, arrival, lookup, memory };
}

const of = (samples: readonly Sample[], name: string): Spread => spread(samples.map((sample) => sample[name]!));

const kilobytes = ({ median, low, high, count }: Spread): Spread => ({
  ...{ median: median / 1000, low: low / 1000, high: high / 1000, count },
});

function linesOf({ layout, poll, rest, arrival, lookup, memory }: Measured): Line[] {
  const line = (what: string, value: Spread, unit: Line["unit"]): Line => ({
    what: `${what}, ${layout.name}`,
    value,
    unit,
  });
  return [
    { ...line("Traefik's CPU at rest", of(rest, "traefik"), "%"), note: "of one core" },
    { ...line("Consul's CPU at rest", of(rest, "consul"), "%"), note: "of one core" },
    line("a poll of the catalog", of(poll, "ms"), "ms"),
    line("a poll of the catalog", kilobytes(of(poll, "bytes")), "KB"),
    line("from a registration to the first request", of(arrival, "seconds"), "s"),
    line("Traefik's memory", exactly(memory.traefik), "MB"),
    line("Consul's memory", exactly(memory.consul), "MB"),
    line("a look-up as the frontend does it", of(lookup, "ms"), "ms"),
    line("Consul's CPU for a look-up", of(lookup, "cpuMs"), "ms"),
    {
      ...line("instances that a look-up does not find", spread(lookup.map(({ found }) => layout.each - found!)), ""),
      goal: { limit: 0 },
    },
  ];
}

function chart(all: readonly Measured[]): Spec {
  const panel = (title: string, figures: (measured: Measured) => Readonly<Record<string, number>>) => ({
    ...{ title, width: 360, height: { step: 14 } },
    data: {
      values: all.flatMap((measured) =>
        Object.entries(figures(measured)).map(([what, value]) => ({ layout: measured.layout.name, what, value })),
      ),
    },
    mark: "bar" as const,
    encoding: {
      y: { field: "layout", title: null, sort: null, axis: { labelLimit: 400 } },
      yOffset: { field: "what" },
      x: { field: "value", type: "quantitative" as const, title: null },
      color: { field: "what", title: null },
    },
  });
  return {
    background: "white",
    vconcat: [
      panel("CPU at rest, percent of a core", ({ rest }) => ({
        ...{ Traefik: of(rest, "traefik").median, Consul: of(rest, "consul").median },
      })),
      panel("Memory, MB", ({ memory }) => ({ Traefik: memory.traefik, Consul: memory.consul })),
      panel("A poll of the catalog and a look-up by DNS, ms", ({ poll, lookup }) => ({
        ...{ poll: of(poll, "ms").median, "look-up": of(lookup, "ms").median },
      })),
      panel("From a registration to the first request, s", ({ arrival }) => ({
        median: of(arrival, "seconds").median,
      })),
    ],
    resolve: { scale: { color: "independent" } },
  };
}

/** How Consul and Traefik do with a hundred times as many registered instances. */
export const catalog: Question = {
  name: "catalog",
  title: "What do 500 registered instances cost Consul and Traefik?",
  async ask(bench): Promise<Answer> {
    const measured: Measured[] = [];
    for (const layout of LAYOUTS) {
      const stack = await startStack(bench, layout);
      measured.push(await measureStack(bench, layout, stack));
      await stack.stop();
      bench.say(layout.name);
    }
    return {
      lines: measured.flatMap(linesOf),
      charts: [{ file: "catalog", spec: chart(measured) }],
      notes: [
        "One Consul server and one Traefik on the same machine, with the arguments of its job; each service has the tags of the frontend's job.",
        "Nobody asks anything at rest but Traefik: it polls the catalog each second, and each instance's health every two.",
        "In a cluster the agents of the workers run the checks that are registered; here there are none.",
      ],
    };
  },
};

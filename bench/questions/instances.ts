import { answered, buildApps, type RunningApp, startApp } from "../apps";
import type { Spec } from "../chart";
import { counted } from "../counted";
import { ensureWrk, load } from "../load";
import { type Many, startMany } from "../many";
import type { Answer, Bench, Line, Question } from "../question";
import { startRegistry } from "../registry";
import { alternate, exactly, figure, ratio, type Samples, type Variant } from "../sampling";

const MORE = [10, 100] as const;
const SIZES = [1, ...MORE] as const;

/**
 * How much longer a page may take than with one instance. It lists them all: a hundred rows take as long as the rest of it. Wider for CI, which
 * looks for what is out of all proportion.
 */
const SLOWER = { 10: { whole: 1.25, short: 2 }, 100: { whole: 2, short: 3 } } as const;

/** A frontend whose backend has so many instances in DNS, and what each of them was asked while it was measured. */
interface Crowd {
  readonly size: number;
  readonly name: string;
  readonly ports: readonly number[];
  readonly frontend: RunningApp;
  readonly asked: Map<number, number>;
}

const nameOf = (size: number): string => (size === 1 ? "1 instance" : `${size} instances`);

/** What the real backend answers, so that its stand-ins do too. */
async function backendAnswer({ programs }: Bench): Promise<string> {
  const backend = await startApp(programs, "backend");
  const body = await answered(`${backend.url}/`);
  await backend.stop();
  return body;
}

/** Of requests to the backend, those that failed or that another instance was faster than. */
const lost = async (frontend: RunningApp): Promise<number> =>
  (await counted(frontend, "backend_attempts_total")) -
  (await counted(frontend, "backend_attempts_total", { outcome: "ok" }));

function variant({ name, ports, frontend, asked }: Crowd, many: Many, seconds: number): Variant {
  return {
    name,
    async measure() {
      const [before, lostBefore, cpu] = [await many.counts(), await lost(frontend), frontend.cpu()];
      const busy = await load({ url: `${frontend.url}/`, seconds });
      const cpuAfter = frontend.cpu();
      const after = await many.counts();
      for (const port of ports) asked.set(port, (asked.get(port) ?? 0) + after.get(port)! - before.get(port)!);
      return {
        ...{ perSecond: busy.requestsPerSecond, p50: busy.p50Ms, p99: busy.p99Ms, failed: busy.failed },
        cpu: (cpuAfter - cpu) / busy.requests,
        lost: ((await lost(frontend)) - lostBefore) / (busy.requests / 1000),
      };
    },
  };
}

/** Each instance's requests as a share of what each would have if all had the same, least first. */
export function shares(asked: ReadonlyMap<number, number>): number[] {
  const counts = [...asked.values()].sort((a, b) => a - b);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.map((count) => count / mean);
}

function latency(samples: Samples, size: keyof typeof SLOWER, short: boolean): Line[] {
  const against = (what: string, name: string): Omit<Line, "unit" | "goal"> => ({
    what: `${what}, ${nameOf(size)} against 1`,
    value: ratio(samples, nameOf(size), nameOf(1), name),
  });
  return [
    { ...against("p50", "p50"), unit: "x", goal: { limit: SLOWER[size][short ? "short" : "whole"] } },
    { ...against("p99", "p99"), unit: "x", ...(short ? { goal: { limit: 4 } } : {}) },
    { ...against("requests a second", "perSecond"), unit: "x" },
    { ...against("the frontend's CPU for a request", "cpu"), unit: "x" },
  ];
}

async function pageSize({ name, frontend }: Crowd): Promise<Line> {
  const { length } = await answered(`${frontend.url}/`);
  return { what: `the page, which lists them, ${name}`, value: exactly(length / 1000), unit: "KB" };
}

function distribution({ size, asked }: Crowd): Line[] {
  const all = shares(asked);
  const line = (what: string, value: number): Line => ({
    what: `${what} of ${nameOf(size)}`,
    value: exactly(value),
    unit: "",
  });
  return [
    { ...line("without a request,", all.filter((share) => share === 0).length), goal: { limit: 0 } },
    { ...line("least asked", all[0]!), unit: "x", note: "of an equal share" },
    { ...line("most asked", all.at(-1)!), unit: "x", note: "of an equal share" },
  ];
}

function chart(crowds: readonly Crowd[]): Spec {
  const values = crowds.flatMap(({ size, asked }) =>
    shares(asked).map((share, index) => ({ of: nameOf(size), share, rank: (index + 0.5) / size })),
  );
  return {
    ...{ title: "Requests of each instance, least asked first", background: "white" },
    ...{ width: 480, height: 260, data: { values } },
    layer: [
      { mark: { type: "rule", strokeDash: [4, 4], opacity: 0.5 }, encoding: { y: { datum: 1 } } },
      {
        mark: { type: "line", point: true },
        encoding: {
          x: {
            field: "rank",
            type: "quantitative",
            title: "instances",
            axis: { format: "%" },
            scale: { domain: [0, 1] },
          },
          y: { field: "share", type: "quantitative", title: "share of an equal share", scale: { zero: true } },
          color: { field: "of", title: null, sort: null },
        },
      },
    ],
  };
}

/** How the frontend does with more and more backends. */
export const instances: Question = {
  name: "instances",
  title: "What do more instances of the backend cost, and is each of them asked?",
  short: true,
  async ask(bench): Promise<Answer> {
    const { programs, rounds, seconds, short, say } = bench;
    await ensureWrk(say);
    await buildApps();
    const body = await backendAnswer(bench);
    const many = await startMany(programs, SIZES.at(-1)!, { type: "application/json; charset=utf-8", body });
    const registry = await startRegistry(programs);
    const crowds: Crowd[] = [];
    for (const size of SIZES) {
      const service = `backend-${size}`;
      const ports = many.ports.slice(0, size);
      for (const port of ports) await registry.register({ name: service, id: `${service}-${port}`, port });
      const env = { DNS_SERVERS: registry.dns, BACKEND_SERVICE: service };
      const frontend = await startApp(programs, "frontend", { env, name: `frontend-${size}` });
      crowds.push({ size, name: nameOf(size), ports, frontend, asked: new Map() });
    }
    const samples = await alternate(
      crowds.map((crowd) => variant(crowd, many, seconds)),
      { rounds, say },
    );
    const pages = await Promise.all(crowds.map(pageSize));
    const failed = crowds.map(({ name }) => figure(samples, name, "failed").high);
    return {
      lines: [
        ...MORE.flatMap((size) => latency(samples, size, short)),
        ...crowds.slice(1).flatMap(distribution),
        ...crowds.map(({ name }): Line => ({
          what: `attempts at the backend without an answer, of 1,000 requests, ${name}`,
          ...{ value: figure(samples, name, "lost"), unit: "" },
          note: "such an instance is not asked for 5 s where others are",
        })),
        ...pages,
        {
          what: "requests that failed, in one measurement",
          value: exactly(Math.max(...failed)),
          unit: "",
          goal: { limit: 0 },
        },
      ],
      charts: [{ file: "instances", spec: chart(crowds) }],
      notes: [
        "Instances are ports of one process that answers what the backend answers. The frontend finds them through Consul DNS: an answer of 100 does not fit into UDP.",
      ],
    };
  },
};

import { buildApps, startApp, type RunningApp } from "../apps";
import { bars } from "../bars";
import { counted } from "../counted";
import { ensureWrk, load } from "../load";
import { goalOf, type Answer, type Bench, type Line, type Question } from "../question";
import { startRegistry } from "../registry";
import { alternate, exactly, figure, ratio } from "../sampling";
import { changes } from "./discovery-changes";

/** As many as the job has. */
const BACKENDS = 2;

async function ask(bench: Bench): Promise<Answer> {
  await ensureWrk(bench.say);
  await buildApps();
  const registry = await startRegistry(bench.programs);
  const backends: RunningApp[] = [];
  for (let i = 1; i <= BACKENDS; i++) {
    const name = `backend-${i}`;
    const backend = await startApp(bench.programs, "backend", { name });
    await registry.register({ name: "backend", id: name, port: backend.port, check: `${backend.url}/health/ready` });
    backends.push(backend);
  }
  const found = await startApp(bench.programs, "frontend", {
    name: "frontend-dns",
    entry: "apps/frontend/.build/server.js",
    env: { DNS_SERVERS: registry.dns },
  });
  const fixed = await startApp(bench.programs, "frontend", {
    name: "frontend-fixed",
    entry: "bench/baselines/fixed-frontend.cjs",
    // Nobody listens there: should it ask DNS all the same, it has no page.
    env: { DNS_SERVERS: "127.0.0.1:1", BACKENDS: backends.map(({ port }) => `127.0.0.1:${port}`).join() },
  });
  const cost = await compare(bench, found, fixed);
  const lines = [...cost, ...(await changes(bench, registry, found))];
  return {
    lines,
    charts: [{ file: "discovery", spec: bars("What does discovery cost?", lines) }],
    notes: [
      `Both are the frontend's own server, asking the same ${BACKENDS} backends; they differ in who answers a look-up: Consul's DNS, or a constant.`,
    ],
  };
}

async function compare(bench: Bench, found: RunningApp, fixed: RunningApp): Promise<Line[]> {
  let failed = 0;
  const measure = (app: RunningApp) => async () => {
    const before = await counted(app, "discovery_lookups_total");
    const result = await load({ url: app.url, seconds: bench.seconds });
    failed += result.failed;
    return {
      ...{ requests: result.requestsPerSecond, p50: result.p50Ms, p99: result.p99Ms },
      lookups: ((await counted(app, "discovery_lookups_total")) - before) / (result.requests / 1000),
    };
  };
  const variants = [
    { name: "dns", measure: measure(found) },
    { name: "fixed", measure: measure(fixed) },
  ];
  const samples = await alternate(variants, bench);
  return [
    {
      what: "requests a second, through Consul DNS against a fixed address",
      ...{ value: ratio(samples, "dns", "fixed", "requests"), unit: "x", goal: goalOf(bench, "atLeast", 0.97) },
    },
    {
      what: "p99, through Consul DNS against a fixed address",
      ...{ value: ratio(samples, "dns", "fixed", "p99"), unit: "x", goal: goalOf(bench, "atMost", 1.1) },
    },
    { what: "p50, through Consul DNS", value: figure(samples, "dns", "p50"), unit: "ms" },
    { what: "p99, through Consul DNS", value: figure(samples, "dns", "p99"), unit: "ms" },
    {
      what: "look-ups per 1,000 requests under that load",
      ...{ value: figure(samples, "dns", "lookups"), unit: "", goal: goalOf(bench, "atMost", 2) },
      note: "one a second, whatever the load",
    },
    { what: "requests of all that were not served", value: exactly(failed), unit: "", goal: { limit: 0 } },
  ];
}

export const discovery: Question = { name: "discovery", title: "What does discovery cost?", short: true, ask };

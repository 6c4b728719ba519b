import { answered, buildApps, startApp, type RunningApp } from "../apps";
import { bars } from "../bars";
import { ensureWrk, load } from "../load";
import { freePort } from "../programs";
import { goalOf, type Answer, type Bench, type Line, type Question } from "../question";
import { startRegistry, type Registry } from "../registry";
import { alternate, exactly, figure, ratio } from "../sampling";
import { changes } from "./discovery-changes";

/** As many as the job has. */
const BACKENDS = 2;
/** Many and short ones: what is asked for is a difference of 3 %, and one measurement differs from the next by more. */
const ROUNDS = 20;

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
  const cost = await compare(bench, await startSwitched(bench, registry, backends));
  const found = await startApp(bench.programs, "frontend", { name: "frontend", env: { DNS_SERVERS: registry.dns } });
  const lines = [...cost, ...(await changes(bench, registry, found))];
  return {
    lines,
    charts: [{ file: "discovery", spec: bars("What does discovery cost?", lines) }],
    notes: [
      `Both are one process of the frontend's own server, asking ${BACKENDS} backends: it is told by turns that Consul's DNS answers its look-ups, or a constant.`,
    ],
  };
}

/** A frontend whose look-ups are answered by Consul's DNS or by a constant, whichever it was told last. */
interface Switched extends RunningApp {
  /** Gives how many look-ups have asked DNS so far. */
  tell(answeredBy: "dns" | "fixed"): Promise<number>;
}

async function startSwitched(
  { programs }: Bench,
  registry: Registry,
  backends: readonly RunningApp[],
): Promise<Switched> {
  const port = await freePort();
  const app = await startApp(programs, "frontend", {
    name: "frontend-switched",
    entry: "bench/baselines/switched-frontend.cjs",
    env: {
      DNS_SERVERS: registry.dns,
      BACKENDS: backends.map((backend) => `127.0.0.1:${backend.port}`).join(),
      SWITCH_PORT: String(port),
    },
  });
  return { ...app, tell: async (answeredBy) => Number(await answered(`http://127.0.0.1:${port}/${answeredBy}`)) };
}

async function compare(bench: Bench, app: Switched): Promise<Line[]> {
  let failed = 0;
  const variant = (name: "dns" | "fixed") => ({
    name,
    async measure() {
      const before = await app.tell(name);
      const result = await load({ url: app.url, seconds: Math.max(2, bench.seconds / 2) });
      const lookups = (await app.tell(name)) - before;
      if (lookups > 0 !== (name === "dns")) throw new Error(`${name}: ${lookups} look-ups have asked DNS`);
      failed += result.failed;
      return {
        ...{ requests: result.requestsPerSecond, p50: result.p50Ms, p99: result.p99Ms },
        lookups: lookups / (result.requests / 1000),
      };
    },
  });
  const rounds = bench.short ? bench.rounds : ROUNDS;
  const samples = await alternate([variant("dns"), variant("fixed")], { rounds, say: bench.say });
  await app.stop();
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

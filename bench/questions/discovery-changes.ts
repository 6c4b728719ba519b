import { setTimeout as sleep } from "node:timers/promises";
import { Load } from "../../tests/e2e/load";
import { startApp, type RunningApp } from "../apps";
import { counted } from "../counted";
import { goalOf, type Bench, type Line } from "../question";
import type { Registry } from "../registry";
import { digits } from "../report";
import { exactly, spread } from "../sampling";

/** Requests a second meanwhile: enough that an instance in use is asked every few hundredths of a second. */
const RATE = 100;
/** How often an instance is asked how many requests it has had. */
const LOOK_MS = 20;
/** How long an instance that was removed is watched. */
const WATCH_SECONDS = 5;
const PATIENCE_SECONDS = 10;

/**
 * Adds an instance and removes it again, several times while the frontend is asked. Times are from the moment at which Consul's answer to
 * the change came, by what the instance itself has counted.
 */
export async function changes(bench: Bench, registry: Registry, frontend: RunningApp): Promise<Line[]> {
  const name = "backend-late";
  const late = await startApp(bench.programs, "backend", { name });
  const limit = RATE * bench.rounds * (PATIENCE_SECONDS + WATCH_SECONDS + 1);
  const visitors = new Load({ url: frontend.url, text: "Hello from the backend", rate: RATE, limit });
  const rounds: { readonly used: number; readonly last: number }[] = [];
  try {
    while (rounds.length < bench.rounds) {
      // Else each change would fall on the same moment of an answer's life.
      await sleep(Math.random() * 1000);
      const before = await requestsOf(late);
      await registry.register({ name: "backend", id: name, port: late.port, check: `${late.url}/health/ready` });
      const used = await firstAfter(late, before);
      await registry.deregister(name);
      rounds.push({ used, last: await lastOf(late) });
      bench.say(`instance added and removed, ${rounds.length} of ${bench.rounds}`);
    }
  } finally {
    await visitors.stop();
  }
  const longest = (values: readonly number[]) =>
    ({ value: exactly(spread(values).high), unit: "s", goal: goalOf(bench, "atMost", 2) }) as const;
  const within = (values: readonly number[]) =>
    `of ${values.length}, half of them within ${digits(spread(values).median)} s`;
  const used = rounds.map((round) => round.used);
  const last = rounds.map((round) => round.last);
  return [
    {
      what: "from a registration to the new instance's first request, the longest",
      ...{ ...longest(used), note: within(used) },
    },
    {
      what: "from a deregistration to the old instance's last request, the longest",
      ...{ ...longest(last), note: `${within(last)}; watched for ${WATCH_SECONDS} s` },
    },
    {
      what: "requests of all that were not served meanwhile",
      ...{ value: exactly(visitors.failed.length), unit: "", goal: { limit: 0 } },
      note: `of ${visitors.visits.length}`,
    },
  ];
}

const requestsOf = (app: RunningApp) => counted(app, "http_request_duration_seconds_count", { route: "/" });

/** Seconds until an instance has had more requests than before. */
async function firstAfter(app: RunningApp, before: number): Promise<number> {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  while ((await requestsOf(app)) === before) {
    if (elapsed() > PATIENCE_SECONDS) throw new Error(`the new instance has no request after ${PATIENCE_SECONDS} s`);
    await sleep(LOOK_MS);
  }
  return elapsed();
}

/** Seconds until an instance had its last request of the time that it was watched for: 0 when it had none. */
async function lastOf(app: RunningApp): Promise<number> {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let [had, last] = [await requestsOf(app), 0];
  while (elapsed() < WATCH_SECONDS) {
    await sleep(LOOK_MS);
    const has = await requestsOf(app);
    if (has > had) [had, last] = [has, elapsed()];
  }
  return last;
}

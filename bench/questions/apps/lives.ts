import { setTimeout as sleep } from "node:timers/promises";
import { startApp, type App, type AppOptions } from "../../apps";
import { load } from "../../load";
import { goalOf, type Bench, type Line } from "../../question";
import { alternate, figure } from "../../sampling";

/** What a task of its job may use, in MB (MiB in truth): more ends the process. */
const MEMORY_LIMIT = 128;

export interface Life {
  readonly name: string;
  readonly app: App;
  readonly options: AppOptions;
  /** Of this project, and so held to its goals. */
  readonly isOurs: boolean;
}

/** Starts each several times: how long until it is ready, and its memory when nobody asks and when all do. */
export async function compareLives(bench: Bench, lives: readonly Life[]): Promise<Line[]> {
  const variants = lives.map(({ name, app, options }) => ({
    name,
    measure: async () => {
      const start = performance.now();
      const running = await startApp(bench.programs, app, { ...options, name: `life-${name.replace(/\W+/g, "-")}` });
      const ready = (performance.now() - start) / 1000;
      await sleep(1000);
      const rest = running.memory();
      await load({ url: running.url, seconds: bench.seconds });
      const peak = running.peakMemory();
      await running.stop();
      return { ready, rest, peak };
    },
  }));
  bench.say("start and memory");
  const samples = await alternate(variants, bench.short ? { ...bench, rounds: 1 } : bench);
  return lives.flatMap(({ name, isOurs }): Line[] => [
    {
      what: `${name}, from start to ready`,
      ...{ value: figure(samples, name, "ready"), unit: "s", goal: isOurs ? goalOf(bench, "atMost", 1) : undefined },
    },
    { what: `${name}, memory at rest`, value: figure(samples, name, "rest"), unit: "MB" },
    {
      what: `${name}, the most memory under load`,
      ...{ value: figure(samples, name, "peak"), unit: "MB", goal: isOurs ? { limit: MEMORY_LIMIT } : undefined },
    },
  ]);
}

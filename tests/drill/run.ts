import { setPriority } from "node:os";
import { outputs } from "../e2e/cluster-view";
import { Load, type Visit } from "../e2e/load";
import { secondsUntil } from "./clock";
import { keepLogs } from "./logs";
import type { Result, Scenario } from "./scenario";

/** Requests a second. */
const RATE = 60;
/** The load ends by itself after an hour, whatever becomes of the drill. */
const MOST_REQUESTS = RATE * 3_600;
const STEADY_MS = 300;
const TEXT = "Hello from the backend on one machine";

/** So that requests come evenly even while this machine boots a worker: those that come late come all at once. */
function hurry(say: (message: string) => void): void {
  try {
    setPriority(-10);
  } catch {
    say("not allowed to raise its own priority: on a busy machine the load may come in bursts");
  }
}

/** Whether the last second's visits were answered at once: what is broken before that would be measured with what the scenario before left to do. */
const isSteady = (visits: readonly Visit[]): boolean =>
  visits.length >= 2 * RATE && visits.slice(-RATE).every(({ ms, failure }) => failure === undefined && ms < STEADY_MS);

/** Runs a scenario under load. One that throws has failed, and says why. */
export async function run(scenario: Scenario, say: (message: string) => void): Promise<Result> {
  let load: Load | undefined;
  const drill = {
    say,
    async startLoad() {
      hurry(say);
      const { url } = await outputs();
      load = new Load({ url, text: TEXT, rate: RATE, limit: MOST_REQUESTS });
      const { visits } = load;
      await secondsUntil("a steady load", 60, async () => isSteady(visits)).catch((error: Error) => say(error.message));
    },
    get load() {
      if (load === undefined) throw new Error("there is no load yet");
      return load;
    },
  };
  if (!scenario.ownsStack) await drill.startLoad();
  const outcome = await scenario
    .run(drill)
    .catch((error: Error) => ({ figures: [], error: error.message, mayFail: undefined }));
  const visits = (await load?.stop()) ?? [];
  const failed = load?.failed ?? [];
  const unexpected = failed.filter((visit) => outcome.mayFail?.(visit) !== true);
  for (const [kind, count] of kinds(failed)) say(`failed: ${count} by ${kind}`);
  for (const { at, failure } of unexpected.slice(0, 5)) say(`unexpected: ${new Date(at).toISOString()} ${failure}`);
  if (unexpected.length > 0 || "error" in outcome) {
    const times = unexpected.map(({ at }) => at);
    const [from, to] = times.length > 0 ? [Math.min(...times), Math.max(...times)] : [Date.now() - 60_000, Date.now()];
    await keepLogs(scenario.name, from, to).then(
      (files) => say(`what was said meanwhile: ${files.join(", ")}`),
      (error: Error) => say(`what was said meanwhile is not to be had: ${error.message}`),
    );
  }
  return {
    ...{ scenario: scenario.name, figures: outcome.figures, requests: visits.length },
    ...{ failed: failed.length, unexpected: unexpected.length, stayedAway: load?.stayedAway ?? 0 },
    ...("error" in outcome ? { error: outcome.error } : {}),
  };
}

/** How often each kind of failure came. */
function kinds(failed: readonly Visit[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { failure = "" } of failed) {
    const kind = failure.replaceAll(/\s+/g, " ").slice(0, 60);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

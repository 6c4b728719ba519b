/**
 * `npm run drill`: breaks one thing after the other in a stack of its own, under a steady load through the load balancer, and prints a table
 * of limits and measurements; writes the same to `.build/drill.json`. Fails when a limit is not met.
 *
 *   npm run drill                    everything
 *   npm run drill -- --short         what CI runs
 *   npm run drill -- "scale in"      scenarios whose names have this in them
 *   npm run drill -- --keep          leaves the stack up; the next run takes it as it is
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { outputs } from "../e2e/cluster-view";
import { Load } from "../e2e/load";
import { local, STACK } from "../e2e/support";
import { secondsUntil } from "./clock";
import { passes, type Result, type Scenario } from "./scenario";
import { partitioned } from "./scenarios/network";
import { upKilled } from "./scenarios/apply";
import { restored } from "./scenarios/backups";
import { badImage, brokenTraefik, failingHealthCheck, rolling } from "./scenarios/deploys";
import { agentStopped, majorityLost } from "./scenarios/quorum";
import { consulLeader, leadersAndWorker, nomadLeader } from "./scenarios/servers";
import { replaced, upgraded } from "./scenarios/rollout";
import { killed, stopped } from "./scenarios/tasks";
import { poweredOff, scaleIn, spotNotice } from "./scenarios/workers";
import { up, WORKERS } from "./stack";
import { table } from "./table";
import { isWell } from "./view";

const SCENARIOS: readonly Scenario[] = [
  ...[killed, stopped, rolling, badImage, failingHealthCheck, brokenTraefik, consulLeader, nomadLeader],
  ...[majorityLost, replaced, agentStopped, partitioned, scaleIn, spotNotice, poweredOff, leadersAndWorker],
  ...[restored, upgraded, upKilled],
];
const RATE = 100;
/** The load ends by itself after an hour, whatever becomes of the drill. */
const MOST_REQUESTS = RATE * 3_600;
const TEXT = "Hello from the backend on one machine";

const say = (message: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${message}`);

async function run(scenario: Scenario): Promise<Result> {
  say(scenario.name);
  let load: Load | undefined;
  const drill = {
    say: (message: string) => say(`  ${message}`),
    async startLoad() {
      const { url } = await outputs();
      load = new Load({ url, text: TEXT, rate: RATE, limit: MOST_REQUESTS });
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
  for (const { at, failure } of unexpected.slice(0, 5)) say(`  ${new Date(at).toISOString()} ${failure}`);
  return {
    ...{ scenario: scenario.name, figures: outcome.figures, requests: visits.length },
    ...{ failed: failed.length, unexpected: unexpected.length },
    ...("error" in outcome ? { error: outcome.error } : {}),
  };
}

async function main(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => !arg.startsWith("--"));
  const chosen = SCENARIOS.filter(
    ({ name, short }) =>
      (!args.includes("--short") || short) && (words.length === 0 || words.some((word) => name.includes(word))),
  );
  if (chosen.length === 0) throw new Error(`expected part of a scenario's name, got ${words.join(" ")}`);
  const results: Result[] = [];
  try {
    say(`the stack ${STACK}, with ${WORKERS} workers`);
    await up();
    await secondsUntil("all well at the start", 120, () => isWell(WORKERS));
    for (const scenario of chosen) results.push(await run(scenario));
  } finally {
    if (!args.includes("--keep")) await local(["destroy", "--force"], 300);
    mkdirSync(".build", { recursive: true });
    writeFileSync(".build/drill.json", `${JSON.stringify(results, undefined, 2)}\n`);
    console.log(table(results));
  }
  return results.length === chosen.length && results.every(passes) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);

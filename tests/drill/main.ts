/**
 * `npm run drill`: breaks one thing after the other in a stack of its own, under a steady load through the load balancer, and prints a table
 * of limits and measurements; writes the same to `.build/drill.json`. Fails when a limit is not met.
 *
 *   npm run drill                    everything
 *   npm run drill -- --short         what CI runs
 *   npm run drill -- "scale in"      scenarios whose names have this in them
 *   npm run drill -- --keep          leaves the stack up; the next run takes it as it is
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { local, STACK } from "../e2e/support";
import { secondsUntil } from "./clock";
import { run } from "./run";
import { passes, type Result } from "./scenario";
import { SCENARIOS, SHORT } from "./scenarios";
import { up, WORKERS } from "./stack";
import { table } from "./table";
import { isWell } from "./view";

const say = (message: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${message}`);

async function begin(): Promise<void> {
  await up();
  await secondsUntil("all well at the start", 120, () => isWell(WORKERS));
}

const takeAway = () => local(["destroy", "--force"], 300);

/** What a scenario that could not end has left is no ground for the next one. */
async function beginAnew(): Promise<void> {
  say("  the stack is made anew");
  await takeAway();
  await begin();
}

/** For who is told to end: nothing else of this process goes on while the stack is taken away. */
function end(keep: boolean): never {
  const args = [".build/local.js", "--stack", STACK, "destroy", "--force"];
  if (!keep) spawnSync("node", args, { stdio: "inherit", timeout: 300_000 });
  process.exit(1);
}

async function main(args: readonly string[]): Promise<number> {
  const words = args.filter((arg) => !arg.startsWith("--"));
  const chosen = (args.includes("--short") ? SHORT : SCENARIOS).filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  if (chosen.length === 0) throw new Error(`expected part of a scenario's name, got ${words.join(" ")}`);
  const results: Result[] = [];
  const keep = args.includes("--keep");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(keep));
  try {
    say(`the stack ${STACK}, with ${WORKERS} workers`);
    await begin();
    for (const [index, scenario] of chosen.entries()) {
      say(scenario.name);
      const result = await run(scenario, (message) => say(`  ${message}`));
      results.push(result);
      // All of them take longer than anybody waits for the first figure.
      console.error(table([result]));
      if (result.error === undefined) continue;
      const next = chosen[index + 1];
      if (next !== undefined && !next.ownsStack) await beginAnew();
    }
  } finally {
    if (!keep) await takeAway();
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

/**
 * `npm run bench`: measures what this project claims to be fast at, side by side, prints one table with medians and goals, and writes the same to
 * `.build/bench/bench.json`, with a chart for each question beside it. Fails when a goal is not met.
 *
 *   npm run bench                     everything
 *   npm run bench -- --short          what CI runs
 *   npm run bench -- discovery apps   these questions
 *   npm run bench -- --keep           leaves the stack up, if a question needed one; the next run takes it as it is
 *   npm run bench -- --outputFile=F   writes how many goals are met, as jest writes how many tests pass
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { render } from "./chart";
import { Programs } from "./programs";
import type { Bench } from "./question";
import { QUESTIONS } from "./questions";
import { passes, type Result, table, tally } from "./report";
import { leave, stack } from "./stack";

const FOLDER = path.resolve(".build/bench");

const say = (message: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${message}`);

/** Ends what was begun; says what could not be. */
async function endAll(programs: Programs, keep: boolean): Promise<void> {
  await programs.stopAll();
  if (!keep) await leave().catch((error: Error) => say(error.message));
}

async function main(args: readonly string[]): Promise<number> {
  const short = args.includes("--short");
  const names = args.filter((arg) => !arg.startsWith("--"));
  const known = QUESTIONS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`expected some of ${known.join(", ")}, got ${unknown.join(", ")}`);
  const chosen = QUESTIONS.filter((each) => (names.length > 0 ? names.includes(each.name) : !short || each.short));
  const programs = new Programs();
  const keep = args.includes("--keep");
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void endAll(programs, keep).finally(() => process.exit(1)));
  const bench: Bench = {
    short,
    rounds: short ? 2 : 5,
    seconds: short ? 2 : 8,
    programs,
    stack,
    say: (line) => say(`  ${line}`),
  };
  const results: Result[] = [];
  mkdirSync(FOLDER, { recursive: true });
  try {
    for (const question of chosen) {
      say(question.title);
      try {
        const answer = await question.ask(bench);
        for (const { file, spec } of answer.charts) writeFileSync(path.join(FOLDER, `${file}.svg`), await render(spec));
        results.push({ question, answer });
      } catch (error) {
        const { message } = error as Error;
        say(message);
        // A run of the command line has said many lines, of which the last is the reason.
        results.push({ question, error: message.trim().split("\n").at(-1)! });
      } finally {
        await programs.stopAll();
      }
      // All of them take longer than anybody waits for the first figure.
      console.error(table(results.slice(-1)));
    }
  } finally {
    await endAll(programs, keep);
    writeFileSync(path.join(FOLDER, "bench.json"), `${JSON.stringify(results, undefined, 2)}\n`);
    const tallyFile = args.find((arg) => arg.startsWith("--outputFile="))?.split("=")[1];
    if (tallyFile !== undefined) writeFileSync(tallyFile, JSON.stringify(tally(results)));
    console.log(table(results));
  }
  return results.every(passes) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);

import { apis, edgeHealth, readyWorkers, setDesired } from "../../tests/e2e/cluster-view";
import { seconds, secondsUntil } from "../../tests/drill/clock";
import { isWell } from "../../tests/drill/view";
import { changeLine } from "../changed-line";
import type { Bench, Line, Question } from "../question";
import { exactly, spread } from "../sampling";
import { preview, type Run, stack, takeAway, up, WORKERS } from "../stack";
import { stepOf } from "../steps";

/** Seconds of a run, by what they went to. */
type Phases = Readonly<Record<string, number>>;

const API = /^(nomad|consul):/;

/** What a run that makes everything from nothing waits for, one after the other. */
function phasesOf({ steps, seconds: all }: Run): Phases {
  const first = (pattern: RegExp) => steps.find(({ resource }) => pattern.test(resource))!.doneAt;
  const last = (pattern: RegExp) => steps.findLast(({ resource }) => pattern.test(resource))!.doneAt;
  const ends = {
    "the cloud and the engine start": steps[0]!.doneAt,
    "AWS makes network, servers and workers": last(/^aws:(ec2:Instance server|autoscaling:Group )/),
    "hosts boot and form a cluster": first(API),
    "instances start and prove themselves": last(/^nomad:index:Job /),
    "the page is served": all,
  };
  const names = Object.keys(ends) as (keyof typeof ends)[];
  return Object.fromEntries(names.map((name, index) => [name, ends[name] - (index > 0 ? ends[names[index - 1]!] : 0)]));
}

/** As many times as asked: from nothing to a page that is served. What was there before is taken away, which is not counted. */
async function fromNothing(rounds: number, say: Bench["say"]): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    await takeAway();
    runs.push(await up());
    say(`from nothing to the page: ${runs.at(-1)!.seconds.toFixed(1)} s`);
  }
  return runs;
}

/** So many of one kind of run, one after the other. */
async function repeated(rounds: number, run: () => Promise<Run>): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (let round = 0; round < rounds; round++) runs.push(await run());
  return runs;
}

const secondsOf = (runs: readonly Run[]) => spread(runs.map((run) => run.seconds));

const BUILD = "docker-build:index:Image backend-image";
const ROLL = "nomad:index:Job backend-job";

/** One line of the backend's source is another; the run ends when all instances are of the new version and healthy. */
async function deploy(): Promise<Run> {
  changeLine();
  const run = await up();
  // Fails at once, not when all others have been measured, if the line has made no difference.
  for (const resource of [BUILD, ROLL]) stepOf(run, resource);
  return run;
}

/** Seconds from the word to the group until a worker more answers the load balancer's checks; it is taken away again afterwards. */
async function oneWorkerMore(): Promise<number> {
  const isHealthy = async () => {
    // To ask the local cloud costs it ten times as much as to ask Nomad, of the CPU that the worker boots with.
    if ((await readyWorkers((await apis()).nomad)).length <= WORKERS) return false;
    const states = Object.values(await edgeHealth());
    return states.length === WORKERS + 1 && states.every((state) => state === "healthy");
  };
  const started = Date.now();
  await setDesired(WORKERS + 1);
  await secondsUntil("a worker more behind the load balancer", 180, isHealthy);
  const serving = seconds(started);
  await setDesired(WORKERS);
  await secondsUntil("as many workers as before", 240, () => isWell(WORKERS));
  return serving;
}

export const change: Question = {
  name: "change",
  title: "How long does a change take?",
  async ask({ rounds, say }) {
    const few = Math.min(rounds, 3);
    const made = await fromNothing(few, say);
    await stack();
    const nothing = await repeated(rounds, () => up());
    const previews = await repeated(rounds, () => preview());
    say("deploys of one service");
    const deploys = await repeated(rounds, deploy);
    say("workers that come");
    const workers: number[] = [];
    for (let round = 0; round < few; round++) workers.push(await oneWorkerMore());

    const phases = made.map(phasesOf);
    const phase = (name: string): Line => ({
      what: `  of it: ${name}`,
      value: spread(phases.map((each) => each[name]!)),
      unit: "s",
    });
    const part = (what: string, resource: string): Line => ({
      what: `  of it: ${what}`,
      value: spread(deploys.map((run) => stepOf(run, resource).seconds)),
      unit: "s",
    });
    const names = Object.keys(phases[0]!);
    return {
      lines: [
        { what: "from nothing to a page that is served", value: secondsOf(made), unit: "s", goal: { limit: 90 } },
        ...names.map(phase),
        { what: "up that changes nothing", value: secondsOf(nothing), unit: "s", goal: { limit: 15 } },
        { what: "preview", value: secondsOf(previews), unit: "s", goal: { limit: 8 } },
        {
          what: "a changed line of a service, to all instances",
          value: secondsOf(deploys),
          unit: "s",
          goal: { limit: 40 },
        },
        part("its image is built and pushed", BUILD),
        part("Nomad rolls it, canaries first", ROLL),
        { what: "one worker more, to serving", value: spread(workers), unit: "s", goal: { limit: 30 } },
        { what: "  of it: the load balancer's two checks, 5 s apart, at most", value: exactly(10), unit: "s" },
      ],
      charts: [
        {
          file: "change",
          spec: {
            title: "From nothing to a page that is served, seconds by phase",
            data: {
              values: names.map((name, order) => ({ name, order, seconds: phase(name).value.median })),
            },
            width: 700,
            mark: "bar",
            encoding: {
              x: { field: "seconds", type: "quantitative", stack: true },
              color: { field: "name", type: "nominal", sort: names, title: "phase" },
              order: { field: "order", type: "quantitative" },
            },
          },
        },
      ],
    };
  },
};

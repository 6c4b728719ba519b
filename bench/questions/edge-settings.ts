import { truncateSync } from "node:fs";
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Spec } from "../chart";
import { frontendJob, type Job, traefikJob } from "../edge/job";
import { NO_CHANGE, type Setting, SETTINGS } from "../edge/settings";
import { startTraefik, type Traefik } from "../edge/traefik";
import { startUpstream } from "../edge/upstream";
import { ensurePrograms, ensureWrk, load } from "../load";
import type { Answer, Bench, Line, Question } from "../question";
import { type Registry, startRegistry } from "../registry";
import { alternate, figure, ratio, type Samples, type Spread, spread, type Variant } from "../sampling";

const JOB = "the job's own";

/** The share of CPU below which a setting that changes nothing else would have to be adopted. */
const WORTH_IT = 0.97;

/** A page of about the frontend's size. */
const PAGE = "x".repeat(4 * 1024);

interface Measured {
  readonly setting: Setting;
  readonly samples: Samples;
}

/** Many short turns tell small differences better than few long ones: both of a turn meet the same machine. */
const TURN_SECONDS = 1;
/** More for those that are judged: half of a few turns is a few percent off. */
const turnsOfARound = ({ changes }: Setting): number => (changes === undefined ? 4 : 2);

function variant(name: string, traefik: Traefik): Variant {
  return {
    name,
    async measure() {
      const before = traefik.cpu();
      const { requests, requestsPerSecond, failed } = await load({ url: `${traefik.url}/`, seconds: TURN_SECONDS });
      const cpu = (traefik.cpu() - before) / (requests / 1000);
      truncateSync(traefik.log);
      return { cpu, perSecond: requestsPerSecond, memory: traefik.memory(), failed };
    },
  };
}

/** Two instances of the upstream, under tags that only Traefik with this prefix reads. */
async function register(
  registry: Registry,
  ports: readonly number[],
  prefix: string,
  tags: readonly string[],
): Promise<void> {
  const own = tags.map((tag) => tag.replace(/^traefik\./, `${prefix}.`));
  for (const port of ports) {
    await registry.register({ name: `frontend-${prefix}`, id: `${prefix}-${port}`, port, tags: own });
  }
}

/** One setting against the job's own, both just started, and by turns: so what the machine does falls on both. */
async function measure(bench: Bench, registry: Registry, job: Job, setting: Setting): Promise<Measured> {
  const prefix = setting.tags === undefined ? [] : ["--providers.consulCatalog.prefix=trial"];
  const options = { name: "traefik-setting", args: [...prefix, ...(setting.args ?? [])], env: setting.env };
  const [base, other] = [
    await startTraefik(bench.programs, job, registry),
    await startTraefik(bench.programs, job, registry, options),
  ];
  const rounds = bench.rounds * turnsOfARound(setting);
  const samples = await alternate([variant(JOB, base), variant(setting.name, other)], { rounds });
  await Promise.all([base, other].map((each) => each.stop()));
  bench.say(`${setting.name}: ${ratio(samples, setting.name, JOB, "cpu").median.toFixed(3)} of the CPU`);
  return { setting, samples };
}

function lineOf({ setting, samples }: Measured): Line {
  const { name, changes } = setting;
  const failed = samples.get(name)!.reduce((sum, sample) => sum + sample["failed"]!, 0);
  const notes = [
    ...(setting === NO_CHANGE ? ["what chance does"] : []),
    ...(changes === undefined ? [] : [`changes what it does: ${changes}`]),
    ...(failed === 0 ? [] : [`${failed} requests failed`]),
  ];
  return {
    what: `CPU of a request, ${name} against ${JOB}`,
    ...{ value: ratio(samples, name, JOB, "cpu"), unit: "x", note: notes.join("; ") },
    goal: changes === undefined && setting !== NO_CHANGE ? { limit: WORTH_IT, atLeast: true } : undefined,
  };
}

const memoryOf = ({ setting: { name }, samples }: Measured): Line => ({
  what: `memory under load, ${name} against ${JOB}`,
  ...{ value: ratio(samples, name, JOB, "memory"), unit: "x" },
});

/** Milliseconds of a request on a connection that has been kept, after a silence in which Traefik's to the upstream has not. */
async function afterSilence(bench: Bench, registry: Registry, job: Job): Promise<Line[]> {
  const base = await startTraefik(bench.programs, job, registry);
  const args = ["--serversTransport.forwardingTimeouts.idleConnTimeout=90s"];
  const patient = await startTraefik(bench.programs, job, registry, { name: "traefik-patient", args });
  const agent = new Agent({ keepAlive: true });
  const once = ({ url }: Traefik) =>
    new Promise<number>((resolve, reject) => {
      const start = performance.now();
      get(url, { agent }, (answer) => answer.resume().on("end", () => resolve(performance.now() - start))).on(
        "error",
        reject,
      );
    });
  const [short, long]: [number[], number[]] = [[], []];
  for (let i = 0; i < bench.rounds * 3; i++) {
    await sleep(1500);
    // By turns, as the first to be asked pays for what has cooled down in the meantime.
    if (i % 2 === 0) short.push(await once(base));
    long.push(await once(patient));
    if (i % 2 === 1) short.push(await once(base));
  }
  agent.destroy();
  await Promise.all([base, patient].map((each) => each.stop()));
  const line = (timeout: string, value: Spread): Line => ({
    what: `a visitor after 1.5 s without any, idleConnTimeout=${timeout}`,
    ...{ value, unit: "ms" },
  });
  return [
    { ...line("100ms, the job's own", spread(short)), note: "a new connection to the upstream for each" },
    line("90s", spread(long)),
  ];
}

function chart(all: readonly Measured[]): Spec {
  const values = all.map(({ setting: { name, changes }, samples }) => {
    const { median, low, high } = ratio(samples, name, JOB, "cpu");
    return { name, median, low, high, kind: changes === undefined ? "keeps behaviour" : "changes behaviour" };
  });
  const y = { field: "name", title: null, sort: null, axis: { labelLimit: 300 } } as const;
  return {
    title: "CPU that Traefik needs for a request, against the job's own settings",
    background: "white",
    ...{ width: 420, height: { step: 20 }, data: { values } },
    layer: [
      { mark: { type: "rule", strokeDash: [4, 4] }, encoding: { x: { datum: WORTH_IT } } },
      {
        mark: { type: "rule", strokeWidth: 3, opacity: 0.4 },
        encoding: { y, x: { field: "low", type: "quantitative" }, x2: { field: "high" }, color: { field: "kind" } },
      },
      {
        mark: { type: "point", filled: true, size: 60 },
        encoding: {
          ...{ y, color: { field: "kind", title: null } },
          x: {
            field: "median",
            type: "quantitative",
            title: "share of CPU: median, least and most",
            scale: { zero: false },
          },
        },
      },
    ],
  };
}

/** Which of Traefik's settings would make it cheaper. */
export const edgeSettings: Question = {
  name: "edge-settings",
  title: "What of Traefik's share is a setting's?",
  async ask(bench): Promise<Answer> {
    const { programs, say } = bench;
    await ensureWrk(say);
    await ensurePrograms(["nginx"], say);
    const registry = await startRegistry(programs);
    const job = traefikJob();
    const { tags } = frontendJob();
    const { ports } = await startUpstream(programs, 2, PAGE);
    await register(registry, ports, "traefik", tags);
    const measured: Measured[] = [];
    for (const setting of SETTINGS) {
      if (setting.tags !== undefined) await register(registry, ports, "trial", setting.tags(tags));
      measured.push(await measure(bench, registry, job, setting));
      if (setting.tags !== undefined) for (const port of ports) await registry.deregister(`trial-${port}`);
    }
    const first = measured[0]!.samples;
    return {
      lines: [
        { what: `CPU of 1,000 requests, ${JOB}`, value: figure(first, JOB, "cpu"), unit: "s" },
        ...measured.map(lineOf),
        ...measured.filter(({ setting }) => setting.env !== undefined).map(memoryOf),
        ...(await afterSilence(bench, registry, job)),
      ],
      charts: [{ file: "edge-settings", spec: chart(measured) }],
      notes: ["Each setting by itself against the arguments of the job, in front of an upstream that costs nothing."],
    };
  },
};

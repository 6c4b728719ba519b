import { PRICES } from "../../cost/prices";
import { seconds, secondsUntil } from "../../tests/drill/clock";
import { isWell } from "../../tests/drill/view";
import { outputs } from "../../tests/e2e/cluster-view";
import { Load } from "../../tests/e2e/load";
import { eventually } from "../../tests/e2e/support";
import { changeLine, GREETING } from "../changed-line";
import type { Spec } from "../chart";
import { Group } from "../golden/group";
import { backendBlobs, missingBytes } from "../golden/layers";
import { MachineImages } from "../golden/machine-images";
import type { Answer, Bench, Line, Question } from "../question";
import { alternate, exactly, figure, ratio, type Sample, type Samples } from "../sampling";
import { up, WORKERS } from "../stack";
import { stepOf } from "../steps";

/** Requests a second. 100, with all that a cluster does for each, would take most of two cores from what is measured. */
const RATE = 20;
const MOST_REQUESTS = RATE * 600;

const ROUNDS = 5;

const WAYS = { job: "a job version", image: "a golden image" } as const;
type Way = keyof typeof WAYS;
const ways = Object.keys(WAYS) as Way[];

/** As measurements and charts call them. Of the job, the image is pushed in the first and pulled in the last. */
const PHASES = { build: "build", deploy: "deploy program", roll: "roll" } as const;
const phases = Object.keys(PHASES) as (keyof typeof PHASES)[];

/**
 * USD, of the standard tier in us-east-1: https://aws.amazon.com/ebs/pricing/, as https://p1technologies.com/understanding-the-cost-of-ebs-snapshots/
 * quotes it, undated.
 */
const SNAPSHOT_GB_MONTH = 0.05;
const IMAGE_GB_MONTH = PRICES.imageGBMonth["eu-west-1"].usd;

/** Requests that were sent while something was rolled out. */
interface Tally {
  requests: number;
  failed: number;
  /** Of one that failed. */
  reason?: string;
}

/** Rolls out under a steady load; adds up in `tally` what became of it. */
async function underLoad<T>(url: string, tally: Tally, rollOut: () => Promise<T>): Promise<T> {
  const load = new Load({ url, text: GREETING, rate: RATE, limit: MOST_REQUESTS });
  try {
    return await rollOut();
  } finally {
    tally.requests += (await load.stop()).length;
    tally.failed += load.failed.length;
    tally.reason ??= load.failed[0]?.failure;
  }
}

/** Resolves when twenty answers in a row are the new version's. */
const allNew = (url: string, greeting: string): Promise<void> =>
  eventually(`"${greeting}" everywhere`, 30, async () => {
    for (let visit = 0; visit < 20; visit++) {
      const response = await fetch(url, { headers: { connection: "close" }, signal: AbortSignal.timeout(5_000) });
      const text = await response.text();
      if (!text.includes(greeting)) throw new Error(text.slice(0, 300));
    }
  });

/** The line as a new version of the backend's job. */
async function asJobVersion(tally: Tally): Promise<Sample> {
  const greeting = changeLine();
  const { url } = await outputs();
  const before = await backendBlobs();
  const { run, total } = await underLoad(url, tally, async () => {
    const started = Date.now();
    const done = await up();
    await allNew(url, greeting);
    return { run: done, total: seconds(started) };
  });
  const image = stepOf(run, "docker-build:index:Image backend-image");
  const job = stepOf(run, "nomad:index:Job backend-job");
  const roll = job.doneAt - image.doneAt;
  const bytes = missingBytes(before, await backendBlobs());
  await secondsUntil("all well after a roll-out", 120, () => isWell(WORKERS));
  return {
    ...{ total, build: image.seconds, roll, deploy: total - image.seconds - roll },
    ...{ newBytes: bytes, movedBytes: bytes * (1 + WORKERS), monthly: (bytes / 1e9) * IMAGE_GB_MONTH },
  };
}

/** The line as a new machine image, of which a group of three is made. */
async function asMachineImage(group: Group, images: MachineImages, tally: Tally): Promise<Sample> {
  const greeting = changeLine();
  const sample = await underLoad(group.url, tally, async () => {
    const started = Date.now();
    const image = await images.build();
    const built = seconds(started);
    const id = await images.register(image);
    const registered = seconds(started);
    await group.roll(id);
    await allNew(group.url, greeting);
    const total = seconds(started);
    return {
      ...{ total, build: built, deploy: registered - built, roll: total - registered },
      ...{ newBytes: image.addedBytes, wholeBytes: image.bytes },
      monthly: (image.addedBytes / 1e9) * SNAPSHOT_GB_MONTH,
    };
  });
  await group.settle();
  return sample;
}

function linesOf(samples: Samples, tallies: Readonly<Record<Way, Tally>>): Line[] {
  const bytes = (way: Way, name: string) => {
    const { median, low, high, count } = figure(samples, way, name);
    return { median: median / 1e6, low: low / 1e6, high: high / 1e6, count };
  };
  const times = (way: Way): Line[] => [
    { what: `one changed line in all instances, as ${WAYS[way]}`, value: figure(samples, way, "total"), unit: "s" },
    ...phases.map((phase): Line => ({
      what: `  of it: ${PHASES[phase]}`,
      value: figure(samples, way, phase),
      unit: "s",
    })),
  ];
  const failed = (way: Way): Line => ({
    ...{ what: `requests that failed meanwhile, as ${WAYS[way]}`, value: exactly(tallies[way].failed), unit: "" },
    note: [`of ${tallies[way].requests}`, tallies[way].reason].filter(Boolean).join(": "),
  });
  return [
    ...times("job"),
    ...times("image"),
    { what: "as a golden image, against a job version", value: ratio(samples, "image", "job", "total"), unit: "x" },
    { what: "new layers of the app's image, compressed", value: bytes("job", "newBytes"), unit: "MB" },
    { what: "pushed once and pulled by each worker", value: bytes("job", "movedBytes"), unit: "MB" },
    { what: "machine image that is new", value: bytes("image", "wholeBytes"), unit: "MB" },
    { what: "of it not in the stock image", value: bytes("image", "newBytes"), unit: "MB" },
    { ...failed("job"), goal: { limit: 0 } },
    failed("image"),
    { what: "a version kept for a month, job", value: figure(samples, "job", "monthly"), unit: "USD" },
    { what: "a version kept for a month, golden image", value: figure(samples, "image", "monthly"), unit: "USD" },
  ];
}

/** One bar for each way, made of its phases. */
function chartOf(samples: Samples): Spec {
  const values = ways.flatMap((way) =>
    phases.map((phase, order) => ({
      ...{ way: WAYS[way], phase: PHASES[phase], order, seconds: figure(samples, way, phase).median },
    })),
  );
  return {
    ...{ title: "One changed line in all instances", background: "white", width: 480, data: { values }, mark: "bar" },
    encoding: {
      y: { field: "way", type: "nominal", sort: null, axis: { title: null } },
      x: { field: "seconds", type: "quantitative", axis: { title: "seconds on one machine, medians" } },
      color: { field: "phase", type: "nominal", sort: Object.values(PHASES), legend: { title: null } },
      order: { field: "order", type: "quantitative" },
    },
  };
}

/** What AWS adds to a golden image, which nobody can measure here; docs/why.md has the addresses. */
const PUBLISHED =
  "On AWS a machine image is made from an instance, and can be used when its snapshot is complete. Netflix wrote of 8 to 10 minutes (2013), an engineer " +
  "of Symantec of 6, or 3 with a pool of volumes (2016). Then an instance boots: 29 s until a port answers, in the example of EC2 boot time benchmarking (2021).";

async function compare(bench: Bench, group: Group, images: MachineImages): Promise<Answer> {
  const tallies: Readonly<Record<Way, Tally>> = { job: { requests: 0, failed: 0 }, image: { requests: 0, failed: 0 } };
  const variants = [
    { name: "job", measure: () => asJobVersion(tallies.job) },
    { name: "image", measure: () => asMachineImage(group, images, tallies.image) },
  ];
  const samples = await alternate(variants, { rounds: bench.short ? 1 : ROUNDS, say: bench.say });
  return {
    lines: linesOf(samples, tallies),
    charts: [{ file: "golden-image", spec: chartOf(samples) }],
    notes: [
      `Both have three instances, and ${RATE} requests a second through a load balancer; those of the round that warms up count too.`,
      "Here a machine image is a Docker image, which is there once it is built, and an instance boots in seconds. Not in these figures:",
      PUBLISHED,
    ],
  };
}

async function ask(bench: Bench): Promise<Answer> {
  await bench.stack();
  const images = new MachineImages();
  try {
    await images.remove();
    const group = await Group.create(await images.register(await images.build()));
    try {
      return await compare(bench, group, images);
    } finally {
      await group.remove();
    }
  } finally {
    await images.remove();
  }
}

export const goldenImage: Question = { name: "golden-image", title: "Against golden images", ask };

import { setTimeout as sleep } from "node:timers/promises";
import { type Host, hosts } from "../../tests/e2e/cluster-view";
import { onHost } from "../../tests/e2e/support";
import { bars } from "../bars";
import { askDns, p99 } from "../cluster/dns";
import { type Part, PARTS, PROCESSES, type Usage, usageOf } from "../cluster/usage";
import { ensurePrograms } from "../load";
import { type Answer, type Bench, goalOf, type Line, type Question } from "../question";
import { digits } from "../report";
import { alternate, exactly, figure, spread } from "../sampling";

const ROLES = ["server", "worker"] as const;
type Role = (typeof ROLES)[number];

const AGENTS: readonly Part[] = ["consul", "nomad", "helpers"];

/** What hosts run for this project besides the agents. Servers have no Docker. */
const OTHERS: readonly { readonly part: Part; readonly name: string; readonly on: readonly Role[] }[] = [
  { part: "docker", name: "Docker, without the containers,", on: ["worker"] },
  { part: "own", name: "services and timers of this project", on: ROLES },
];

/** Timers of hosts come once a minute. */
const WINDOW_SECONDS = 60;
const WINDOWS = 5;

/** Questions a second, fewer than an agent can answer beside five other hosts on two cores, and far more than frontends ask. */
const STEADY_RATE = 200;

/** What a host's parts have used in one window: CPU in percent of one core, and memory in MB at its end. */
type Window = Readonly<Record<Part, { readonly cpu: number; readonly memory: number }>>;

interface Reading {
  readonly at: number;
  readonly usage: Readonly<Record<Part, Usage>>;
}

async function read({ container }: Host): Promise<Reading> {
  const text = await onHost(container, PROCESSES);
  return { at: Date.now(), usage: usageOf(text) };
}

function between(before: Reading, after: Reading): Window {
  const seconds = (after.at - before.at) / 1_000;
  const percent = (part: Part) => ((after.usage[part].cpu - before.usage[part].cpu) / seconds) * 100;
  const entries = PARTS.map((part) => [part, { cpu: percent(part), memory: after.usage[part].memory }] as const);
  return Object.fromEntries(entries) as Window;
}

/** The windows of all hosts of each role, with nobody asking for a page. */
async function atRest({ say, short }: Bench): Promise<ReadonlyMap<Role, readonly Window[]>> {
  const all = (await Promise.all(ROLES.map((role) => hosts(role)))).flat();
  const windows = new Map<string, Window[]>(ROLES.map((role) => [role, []]));
  const count = short ? 1 : WINDOWS;
  say(`the hosts at rest, for ${count + 1} minutes`);
  // Hosts that have just come up are not at rest.
  await sleep(WINDOW_SECONDS * 1_000);
  let before = await Promise.all(all.map(read));
  for (let window = 1; window <= count; window++) {
    await sleep(WINDOW_SECONDS * 1_000);
    const after = await Promise.all(all.map(read));
    all.forEach(({ role }, host) => windows.get(role)!.push(between(before[host]!, after[host]!)));
    before = after;
  }
  return windows as ReadonlyMap<Role, readonly Window[]>;
}

/** What the agents of a role's hosts cost, and what else this project has there. */
function costs(bench: Bench, role: Role, windows: readonly Window[]): Line[] {
  const of = (parts: readonly Part[], what: "cpu" | "memory") =>
    spread(windows.map((window) => parts.reduce((sum, part) => sum + window[part][what], 0)));
  const note = (what: "cpu" | "memory") =>
    [
      `Consul ${digits(of(["consul"], what).median)}`,
      `Nomad ${digits(of(["nomad"], what).median)}`,
      ...(role === "worker" ? [`what Nomad starts beside tasks ${digits(of(["helpers"], what).median)}`] : []),
    ].join(", ");
  const agents: Line[] = [
    {
      what: `CPU of Consul and Nomad on a ${role}, of one core`,
      ...{ value: of(AGENTS, "cpu"), unit: "%", goal: goalOf(bench, "atMost", 3), note: note("cpu") },
    },
    {
      what: `memory of Consul and Nomad on a ${role}`,
      value: of(AGENTS, "memory"),
      ...{ unit: "MB", goal: goalOf(bench, "atMost", 250), note: note("memory") },
    },
  ];
  return [
    ...agents,
    ...OTHERS.filter(({ on }) => on.includes(role)).flatMap(({ part, name }): Line[] => [
      { what: `CPU of ${name} on a ${role}, of one core`, value: of([part], "cpu"), unit: "%" },
      { what: `memory of ${name} on a ${role}`, value: of([part], "memory"), unit: "MB" },
    ]),
  ];
}

/** How a worker's agent answers for the backend. */
async function dns(bench: Bench): Promise<Line[]> {
  const [worker] = await hosts("worker");
  let lost = 0;
  const measure = async (rate?: number) => {
    const result = await askDns(worker!, { seconds: bench.seconds, rate });
    lost += result.lost;
    return result;
  };
  const variants = [
    { name: "most", measure: async () => ({ answers: (await measure()).answersPerSecond }) },
    { name: "steady", measure: async () => ({ p99: p99(await measure(STEADY_RATE)) }) },
  ];
  const samples = await alternate(variants, bench);
  return [
    {
      what: "DNS answers a second of a worker's agent, at most",
      ...{ value: figure(samples, "most", "answers"), unit: "", note: "dnsperf on the same machine takes its share" },
    },
    {
      what: `p99 of an answer at ${STEADY_RATE.toLocaleString("en")} a second`,
      ...{ value: figure(samples, "steady", "p99"), unit: "ms" },
    },
    { what: "questions that had no answer", value: exactly(lost), unit: "" },
  ];
}

async function ask(bench: Bench): Promise<Answer> {
  await ensurePrograms(["dnsperf"], bench.say);
  await bench.stack();
  const windows = await atRest(bench);
  const lines = [...ROLES.flatMap((role) => costs(bench, role, windows.get(role)!)), ...(await dns(bench))];
  return {
    lines,
    charts: [{ file: "cluster", spec: bars("What does the cluster cost?", lines) }],
    notes: [
      "At rest means all jobs healthy and nobody asking for a page: health checks, Traefik's look at the catalog each second, metrics and logs go on. One figure is " +
        `${WINDOW_SECONDS} s of one host.`,
      "Memory is what processes have of their own, and once the text of their program. The services' and timers' share counts what they start, while it runs.",
    ],
  };
}

export const cluster: Question = { name: "cluster", title: "What does the cluster cost?", ask };

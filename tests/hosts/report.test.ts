import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { folderWith } from "./programs";

/** Runs a report in a folder that stands for the host's root, with these answers for its agents' and services' addresses. */
const DRIVER = `
import builtins, json, os, runpy, sys
role, root, answers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
real_open, real_exists = open, os.path.exists
builtins.open = lambda file, *mode: real_open(root + str(file), *mode)
os.path.exists = lambda file: real_exists(root + file)
os.makedirs = lambda *_args, **_more: None
os.statvfs = lambda file: type("Disk", (), {"f_blocks": 1000, "f_bavail": 100 if file == "/" else 400})
import report
def fetch(url, token=""):
    answer = answers.get(url)
    return answer if isinstance(answer, str) and "\\n" in answer else json.dumps(answer)
report.fetch = fetch
with real_open("hosts/steps/report-" + role + ".py") as source:
    code = source.read()
exec(compile(code, "report-" + role, "exec"), {"__name__": "__main__"})
`;

interface Figure {
  readonly MetricName: string;
  readonly Unit: string;
  readonly Value?: number;
  readonly StatisticValues?: Readonly<Record<string, number>>;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
}

const root = folderWith({
  "etc/cluster/acl.json": JSON.stringify({ consul: { management: "c" }, nomad: { BootstrapSecret: "n" } }),
  "etc/consul.d/secrets.json": JSON.stringify({ acl: { tokens: { agent: "a" } } }),
  "proc/meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 250 kB\n",
  "run/cluster/there": "",
  "bin/docker": "#!/bin/sh\nexit $DOCKER_IS_DOWN\n",
});
afterEach(() => fs.rmSync(path.join(root, "run/cluster/report.json"), { force: true }));
afterAll(() => fs.rmSync(root, { recursive: true }));

/** The figures by name and dimension, such as `Need workers`. */
function report(role: "server" | "worker", answers: object, env: Record<string, string> = {}): Record<string, unknown> {
  const text = execFileSync("python3", ["-B", "-c", DRIVER, role, root, JSON.stringify(answers)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...{ PATH: `${root}/bin:${process.env.PATH}`, PYTHONPATH: path.resolve("hosts/steps") },
      ...{ CLUSTER: "cluster-test", ROLE: role, ADDRESS: "10.0.0.1", DOCKER_IS_DOWN: "0", ...env },
    },
  });
  const { Namespace, MetricData } = JSON.parse(text) as { Namespace: string; MetricData: Figure[] };
  expect(Namespace).toBe("cluster-test");
  return Object.fromEntries(
    MetricData.map(({ MetricName, Dimensions, Unit, Value, StatisticValues }) => [
      [MetricName, ...Dimensions.map((each) => each.Value)].join(" "),
      StatisticValues ?? (Unit === "Count" ? Value : `${Math.round(Value! * 10) / 10} ${Unit}`),
    ]),
  );
}

const consul = (what: string) => `http://127.0.0.1:8500/v1/${what}`;
const nomad = (what: string) => `https://127.0.0.1:4646/v1/${what}`;
const up = { [consul("agent/members")]: [], [nomad("agent/members")]: {} };
const health = (...healthy: boolean[]) => ({ Servers: healthy.map((Healthy) => ({ Healthy, Voter: true })) });

const worker = (id: string, pool: string, more: object = {}) => ({
  ...{ ID: id, NodeClass: pool, Status: "ready", SchedulingEligibility: "eligible" },
  NodeResources: { Cpu: { CpuShares: 1000 }, Memory: { MemoryMB: 1256 } },
  ReservedResources: { Cpu: { CpuShares: 0 }, Memory: { MemoryMB: 256 } },
  ...more,
});
const allocation = (node: string, cpu: number, memory: number, ClientStatus = "running") => ({
  ...{ NodeID: node, ClientStatus },
  AllocatedResources: { Tasks: { task: { Cpu: { CpuShares: cpu }, Memory: { MemoryMB: memory } } } },
});
/** An evaluation that found the pool's workers without room for so much memory, for one instance and `more`, as Nomad adds it up. */
const blocked = (pool: string, memory: number, more: number, Type = "service") => ({
  Type,
  FailedTGAllocs: {
    group: {
      ...{ ClassExhausted: { [pool]: 2 }, CoalescedFailures: more },
      ResourcesExhausted: { task: { CPU: 0, MemoryMB: memory * (1 + more) } },
    },
  },
});
const leading = (nodes: object[], allocations: object[], evaluations: object[]) => ({
  ...{ ...up, [consul("status/leader")]: "10.0.0.9:8300", [nomad("status/leader")]: "10.0.0.1:4647" },
  [nomad("operator/autopilot/health")]: health(true, true, false),
  [nomad("nodes?resources=true")]: nodes,
  [nomad("allocations?resources=true")]: allocations,
  [nomad("evaluations?status=blocked")]: evaluations,
});

describe("a server's report", () => {
  const own = { "AgentsUp server": 1, "DiskUsed server": "90 Percent", "MemoryUsed server": "75 Percent" };

  it("says of one that leads nothing how the host is, and no more", () => {
    const others = { [consul("status/leader")]: "10.0.0.2:8300", [nomad("status/leader")]: "10.0.0.2:4647" };
    expect(report("server", { ...up, ...others })).toEqual(own);
  });

  it("says when an agent does not answer", () => {
    expect(report("server", { [consul("agent/members")]: [] })).toEqual({ ...own, "AgentsUp server": 0 });
  });

  it("counts healthy voters, jobs and workers from Nomad's leader", () => {
    const nodes = [worker("a", "workers"), worker("b", "workers", { Status: "down" })];
    const allocations = [
      ...[allocation("a", 100, 200), allocation("a", 300, 100)],
      ...[allocation("a", 500, 500, "failed"), allocation("b", 500, 500, "lost"), allocation("a", 1, 1, "complete")],
    ];
    expect(report("server", leading(nodes, allocations, []))).toEqual({
      ...own,
      ...{
        "HealthyServers nomad": 2,
        RunningAllocations: 2,
        FailedAllocations: 2,
        BlockedEvaluations: 0,
        DownNodes: 1,
      },
      "Need workers": "40 Percent",
    });
  });

  it("reports what it can when one of the answers is not to be had", () => {
    const { [nomad("nodes?resources=true")]: _nodes, ...rest } = leading([], [], []);
    expect(report("server", rest)).toEqual({
      ...{ ...own, "HealthyServers nomad": 2 },
      ...{ RunningAllocations: 0, FailedAllocations: 0, BlockedEvaluations: 0 },
    });
  });
});

describe("the need of a pool", () => {
  const pair = [worker("a", "workers"), worker("b", "workers")];
  const needs = (nodes: object[], allocations: object[], evaluations: object[]) => {
    const figures = Object.entries(report("server", leading(nodes, allocations, evaluations)));
    return Object.fromEntries(figures.filter(([name]) => name.startsWith("Need ")));
  };

  it("is what runs or is about to, in CPU or memory, whichever is more", () => {
    const allocations = [allocation("a", 100, 500), allocation("b", 300, 200, "pending")];
    expect(needs(pair, allocations, [])).toEqual({ "Need workers": "35 Percent" });
  });

  it("counts what waits for room, each instance of it", () => {
    const allocations = [allocation("a", 0, 800), allocation("b", 0, 800)];
    expect(needs(pair, allocations, [blocked("workers", 400, 3)])).toEqual({ "Need workers": "160 Percent" });
  });

  it("is at least all of the pool while something does not fit into one piece", () => {
    const allocations = [allocation("a", 0, 500), allocation("b", 0, 500)];
    expect(needs(pair, allocations, [blocked("workers", 600, 0)])).toEqual({ "Need workers": "100 Percent" });
  });

  it("leaves out what no worker could hold, and what another worker is no help to", () => {
    const evaluations = [blocked("workers", 1001, 0), blocked("workers", 600, 0, "system")];
    expect(needs(pair, [allocation("a", 0, 500)], evaluations)).toEqual({ "Need workers": "25 Percent" });
  });

  it("is each pool's own, and that of workers that take no more is put on the others", () => {
    const draining = worker("c", "inner", { SchedulingEligibility: "ineligible" });
    const nodes = [...pair, worker("d", "inner"), draining];
    const allocations = [allocation("a", 0, 200), allocation("c", 0, 300), allocation("d", 0, 300)];
    expect(needs(nodes, allocations, [blocked("inner", 500, 0)])).toEqual({
      ...{ "Need workers": "10 Percent", "Need inner": "110 Percent" },
    });
  });
});

describe("a worker's report", () => {
  const own = { "AgentsUp worker": 1, "DiskUsed worker": "90 Percent", "MemoryUsed worker": "75 Percent" };
  const service = (name: string, number: number) => [
    `${name}-${number}`,
    { ID: `${name}-${number}`, Service: name, Address: "10.0.0.1", Meta: { metrics_port: String(9000 + number) } },
  ];
  const text = (route: string, status: number, count: number, seconds: number): string =>
    ["count", "sum"]
      .map((kind) => {
        const labels = `method="GET",route="${route}",status="${status}",service="web"`;
        return `http_request_duration_seconds_${kind}{${labels}} ${kind === "count" ? count : seconds}\n`;
      })
      .join("");
  const answers = (metrics: Record<string, string>, services = [service("web", 1), service("web", 2)]) => ({
    [consul("agent/services")]: Object.fromEntries([...services, ["other", { ID: "other", Meta: {} }]]),
    [nomad("agent/health")]: { client: { ok: true } },
    ...Object.fromEntries(Object.entries(metrics).map(([port, each]) => [`http://10.0.0.1:${port}/metrics`, each])),
  });

  it("adds up what the instances of a service have done since the report before, without health checks", () => {
    const checks = text("/health/ready", 200, 1000, 9);
    const before = answers({ 9001: text("/", 200, 10, 1) + checks, 9002: text("/", 200, 5, 1) });
    expect(report("worker", before)).toEqual(own);
    const after = answers({
      9001: `${text("/", 200, 14, 1.2)}${text("/", 500, 2, 0.2)}${checks}nodejs_eventloop_lag_p99_seconds{service="web"} 0.02\n`,
      9002: `${text("/", 200, 7, 1.4)}nodejs_eventloop_lag_p99_seconds{service="web"} 0.05\n`,
    });
    const figures = report("worker", after);
    expect(figures).toEqual({
      ...own,
      "Latency web": {
        SampleCount: 8,
        Sum: expect.closeTo(800),
        Minimum: expect.closeTo(100),
        Maximum: expect.closeTo(100),
      },
      "Errors web": { SampleCount: 8, Sum: 200, Minimum: 0, Maximum: 100 },
      "EventLoopDelay web": "50 Milliseconds",
    });
  });

  it("takes an instance that has counted less than before for one that has begun anew, and a new one from its beginning", () => {
    report("worker", answers({ 9001: text("/", 200, 10, 1) }, [service("web", 1)]));
    const after = answers({ 9001: text("/", 200, 3, 0.3), 9002: text("/", 503, 1, 0.1) });
    expect(report("worker", after)).toMatchObject({
      "Errors web": { SampleCount: 4, Sum: 100, Minimum: 0, Maximum: 100 },
    });
  });

  it("counts Traefik's visitors, not who looks at Traefik", () => {
    const line = (point: string, code: number, count: number) =>
      `traefik_entrypoint_request_duration_seconds_count{code="${code}",entrypoint="${point}",method="GET"} ${count}\n`;
    const traefik = [service("traefik", 1)];
    report("worker", answers({ 9001: line("web", 200, 1) }, traefik));
    const after = line("web", 200, 3) + line("web", 502, 2) + line("admin", 200, 99);
    expect(report("worker", answers({ 9001: after }, traefik))).toMatchObject({
      "Errors traefik": { SampleCount: 4, Sum: 200 },
    });
  });

  it("reports on the others when a service does not answer", () => {
    report("worker", answers({ 9001: text("/", 200, 1, 1), 9002: text("/", 200, 1, 1) }));
    expect(report("worker", answers({ 9002: text("/", 200, 2, 1.5) }))).toMatchObject({
      "Latency web": { SampleCount: 1, Sum: expect.closeTo(500) },
    });
  });

  it.each([
    ["Consul", { [nomad("agent/health")]: {} }, {}],
    ["Nomad", { [consul("agent/services")]: {} }, {}],
    ["Docker", answers({}, []), { DOCKER_IS_DOWN: "1" }],
  ])("says when %s does not answer", (_which, given, env) => {
    expect(report("worker", given, env)).toEqual({ ...own, "AgentsUp worker": 0 });
  });
});

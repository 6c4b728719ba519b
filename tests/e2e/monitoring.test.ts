import type { AgentApi } from "../../local/providers/agent";
import { cloud } from "./clients";
import { CLUSTER, type Host, hosts, operator, outputs, page, readyWorkers } from "./cluster-view";
import { eventually, local, onHost } from "./support";

/** As long as a minute lasts in this run's cloud (up.js), so that hosts report once in each. */
const MINUTE_SECONDS = Number(process.env.MINUTE_SECONDS);
const TIMER = "/etc/systemd/system/cluster-report.timer.d";
const HASTE = `[Timer]\\nOnCalendar=\\nOnCalendar=*:*:2/${MINUTE_SECONDS}\\nRandomizedDelaySec=0\\n`;

const members = async (): Promise<Host[]> => [...(await hosts("server")), ...(await hosts("worker"))];
const reportEachMinute = ({ container }: Host) =>
  onHost(
    container,
    `mkdir -p ${TIMER} && printf '${HASTE}' >${TIMER}/haste.conf && systemctl daemon-reload && systemctl restart cluster-report.timer`,
  );
const reportAsBefore = ({ container }: Host) =>
  onHost(container, `rm -rf ${TIMER} && systemctl daemon-reload && systemctl restart cluster-report.timer`);

/** The states of the stack's alarms by name, without those that Auto Scaling keeps for itself. */
async function alarms(): Promise<Record<string, string>> {
  const { cloudwatch } = await cloud();
  const { MetricAlarms = [] } = await cloudwatch.describeAlarms({ AlarmNamePrefix: `${CLUSTER}-` });
  return Object.fromEntries(
    MetricAlarms.map(({ AlarmName, StateValue }) => [AlarmName!.replace(`${CLUSTER}-`, ""), StateValue!]),
  );
}

/** How many values each metric on the dashboard has had in the last two minutes, by its name and what it is of. */
async function valuesOnDashboard(): Promise<Record<string, number>> {
  const { cloudwatch } = await cloud();
  const { DashboardBody } = await cloudwatch.getDashboard({ DashboardName: CLUSTER });
  const { widgets } = JSON.parse(DashboardBody!) as { widgets: { properties: { metrics?: unknown[][] } }[] };
  const lines = widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .map((line) => line.filter((part): part is string => typeof part === "string"));
  const queries = lines.map(([Namespace, MetricName, ...rest], index) => {
    const Dimensions = rest.flatMap((Name, at) => (at % 2 === 0 ? [{ Name, Value: rest[at + 1] }] : []));
    const Metric = { Namespace, MetricName, Dimensions };
    return { Id: `m${index}`, MetricStat: { Metric, Period: 60, Stat: "Average" } };
  });
  const now = Date.now();
  const { MetricDataResults = [] } = await cloudwatch.getMetricData({
    ...{ MetricDataQueries: queries, StartTime: new Date(now - 120_000), EndTime: new Date(now) },
  });
  const counts = MetricDataResults.map(({ Values = [] }) => Values.length);
  return Object.fromEntries(lines.map((line, index) => [line.join(" "), counts[index]!]));
}

const WORKERS = 2;

describe("a cluster that is watched", () => {
  let nomad: AgentApi;
  let url: string;
  /** When the worker too many was needed no more, and those that there were then. */
  let unneeded: { readonly since: number; readonly workers: readonly Host[] };

  beforeAll(async () => {
    ({ nomad, url } = await operator());
    await Promise.all((await members()).map(reportEachMinute));
  });
  afterAll(async () => {
    await nomad.delete("/v1/job/big?purge=true");
    await Promise.all((await members()).map(reportAsBefore));
  });

  const running = async (): Promise<number> => {
    const allocations = await nomad.get<{ ClientStatus: string }[]>("/v1/job/big/allocations");
    return allocations.filter(({ ClientStatus }) => ClientStatus === "running").length;
  };

  it("has a value within two minutes for every metric on the dashboard", async () => {
    const visits = setInterval(() => void page(url).catch(() => undefined), 500);
    await eventually("values of all metrics", 120, async () => {
      const counts = await valuesOnDashboard();
      expect(Object.keys(counts).length).toBeGreaterThan(25);
      // What did not happen is not reported, as in AWS.
      const silent = Object.keys(counts).filter((name) => counts[name] === 0 && !name.includes("HTTPCode_"));
      expect(silent).toEqual([]);
    }).finally(() => clearInterval(visits));
  }, 150_000);

  it("finds nothing wrong with a cluster that is well", async () => {
    await eventually("all alarms at rest", 120, async () => {
      const states = await alarms();
      expect(Object.keys(states)).toHaveLength(14);
      expect(Object.entries(states).filter(([, state]) => state !== "OK")).toEqual([]);
    });
  }, 150_000);

  it("gets a worker for a job that does not fit, and the job is placed", async () => {
    const { images } = (await outputs()) as unknown as { images: { backend: string } };
    const [node] = await nomad.get<{ NodeResources: { Memory: { MemoryMB: number } } }[]>("/v1/nodes?resources=true");
    // Two of them don't fit on a worker, and three on three workers take less than the target.
    const MemoryMB = Math.floor(0.71 * (node!.NodeResources.Memory.MemoryMB - 256));
    const Config = { image: images.backend, command: "node", args: ["-e", "setInterval(() => {}, 1000)"] };
    const Tasks = [{ Name: "big", Driver: "docker", Config, Resources: { CPU: 20, MemoryMB } }];
    const TaskGroups = [{ Name: "big", Count: WORKERS + 1, Tasks }];
    const started = Date.now();
    await nomad.put("/v1/jobs", { Job: { ID: "big", Name: "big", Datacenters: ["dc1"], Type: "service", TaskGroups } });
    await eventually("an instance that waits for room", 30, async () => {
      const blocked = await nomad.get<unknown[]>("/v1/evaluations?status=blocked");
      expect(blocked).toHaveLength(1);
    });
    await eventually("another worker, and all instances", 240, async () => {
      expect(await readyWorkers(nomad)).toHaveLength(WORKERS + 1);
      expect(await running()).toBe(WORKERS + 1);
    });
    console.info(`a worker more, and the job placed, after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    const workers = await hosts("worker");
    expect(workers).toHaveLength(WORKERS + 1);

    await Promise.all((await members()).map(reportEachMinute));
    await nomad.delete("/v1/job/big?purge=true");
    unneeded = { since: Date.now(), workers };
  }, 300_000);

  // Meanwhile the group waits for the fifteen minutes in a row in which a worker too many is not needed.
  it("raises two alarms when a server's Nomad stops, no other, and ends them when it is back", async () => {
    const { Servers } = await nomad.get<{ Servers: { Name: string; Leader: boolean }[] }>(
      "/v1/operator/autopilot/health",
    );
    const { Name } = Servers.find(({ Leader }) => !Leader)!;
    const { container } = (await hosts("server")).find(
      ({ name }) => Name === `${name.replace(`${CLUSTER}-`, "")}.global`,
    )!;
    const raised = async () => Object.entries(await alarms()).flatMap(([name, state]) => (state === "OK" ? [] : name));
    const stopped = Date.now();
    await onHost(container, "systemctl stop nomad.service");
    try {
      await eventually("the alarms", 150, async () =>
        expect((await raised()).sort()).toEqual(["nomad-servers", "server-agents"]),
      );
      console.info(`alarms ${((Date.now() - stopped) / 1000).toFixed(1)} s after the agent stopped`);
    } finally {
      await onHost(container, "systemctl start nomad.service");
    }
    await eventually("the end of the alarms", 120, async () => expect(await raised()).toEqual([]));
  }, 300_000);

  it("lets the worker go when nothing needs it, and an up finds nothing to change", async () => {
    const [leaving] = await eventually("one worker fewer", 500, async () => {
      const now = await hosts("worker");
      expect(now).toHaveLength(WORKERS);
      expect(await readyWorkers(nomad)).toHaveLength(WORKERS);
      return unneeded.workers.filter(({ id }) => !now.some((host) => host.id === id));
    });
    console.info(`the worker gone after ${((Date.now() - unneeded.since) / 1000).toFixed(1)} s`);
    // It has been drained, not cut off.
    const nodes = await nomad.get<{ Name: string; LastDrain?: { Status: string } }[]>("/v1/nodes");
    expect(nodes.find(({ Name }) => Name === `worker-${leaving!.id}`)!.LastDrain!.Status).toBe("complete");
    const { code, stdout, stderr } = await local(["up"], 240);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect(`${stdout}${stderr}`).toMatch(/^up: nothing to change \(190 resources\), in \d+ s$/m);
  }, 800_000);
});

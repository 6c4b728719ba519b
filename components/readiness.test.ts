import type { Host } from "./host-inventory";
import { absentWorkers, missing, type Sighting, waitForCluster, type WaitOptions } from "./readiness";

const EXPECTED = { servers: 3, minWorkers: 2 };

const worker = (index: number): Host => ({
  id: `i-${index}`,
  name: `cluster-dev-worker-${index}`,
  role: "worker",
  privateIp: `10.42.128.${index}`,
  instanceType: "t3.small",
  state: "running",
});

const READY: Sighting = {
  hosts: [worker(1), worker(2)],
  consul: { leader: "10.42.128.10:8300", peers: 3, healthyServers: 3 },
  nomad: { leader: "10.42.128.10:4647", aliveServers: 3, readyWorkers: new Set(["10.42.128.1", "10.42.128.2"]) },
};

describe("missing", () => {
  it("finds nothing missing of a cluster with leaders, servers and workers", () => {
    expect(missing(EXPECTED, READY)).toEqual([]);
  });

  const consul = { leader: "x", peers: 3, healthyServers: 3 };
  const nomad = { leader: "x", aliveServers: 3, readyWorkers: new Set(["10.42.128.1", "10.42.128.2"]) };
  it.each<[Partial<Sighting>, string[]]>([
    [{ consul: { ...consul, leader: undefined } }, ["Consul has no leader"]],
    [{ consul: { ...consul, peers: 2 } }, ["Consul has 2 of 3 servers"]],
    [{ consul: { ...consul, healthyServers: 1 } }, ["Consul has 1 of 3 servers"]],
    [{ nomad: { ...nomad, leader: undefined } }, ["Nomad has no leader"]],
    [{ nomad: { ...nomad, aliveServers: 2 } }, ["Nomad has 2 of 3 servers"]],
    [{ nomad: { ...nomad, readyWorkers: new Set(["10.42.128.1"]) } }, ["Nomad has 1 of 2 workers"]],
    [{ hosts: [worker(1), worker(3), worker(4)] }, ["Nomad has 1 of 3 workers"]],
    [{ hosts: [worker(1)] }, ["Nomad has 1 of 2 workers"]],
    [{ hosts: new Error("no credentials") }, ["EC2 does not answer (no credentials)"]],
    [
      { consul: new Error("fetch failed", { cause: new Error("ECONNREFUSED") }), nomad: new Error("timed out") },
      ["Consul does not answer (ECONNREFUSED)", "Nomad does not answer (timed out)"],
    ],
  ])("names what it is: case %#", (changes, reasons) => {
    expect(missing(EXPECTED, { ...READY, ...changes })).toEqual(reasons);
  });

  it("does not take a node that is gone from EC2 for a worker", () => {
    const readyWorkers = new Set(["10.42.128.1", "10.42.128.77"]);
    expect(missing(EXPECTED, { ...READY, nomad: { ...nomad, readyWorkers } })).toEqual(["Nomad has 1 of 2 workers"]);
  });
});

describe("absentWorkers", () => {
  it("finds those that EC2 runs and Nomad does not have", () => {
    expect(absentWorkers(READY)).toEqual([]);
    expect(absentWorkers({ ...READY, hosts: [worker(1), worker(2), worker(3)] })).toEqual([worker(3)]);
  });

  it("knows of none while either does not answer", () => {
    expect(absentWorkers({ ...READY, hosts: new Error("refused") })).toEqual([]);
    expect(absentWorkers({ ...READY, nomad: new Error("refused") })).toEqual([]);
  });
});

describe("waitForCluster", () => {
  const starting: Sighting = { ...READY, hosts: [worker(1), worker(2)], consul: new Error("refused") };

  function options(changes: Partial<WaitOptions>): WaitOptions {
    return {
      expected: EXPECTED,
      timeoutSeconds: 60,
      look: () => Promise.resolve(READY),
      describeHost: (host) => Promise.resolve(`boot step install: running on ${host.id}`),
      progress: () => undefined,
      warn: (message) => expect(message).toBe(undefined),
      remedy: "Do this.",
      pollMs: 0,
      ...changes,
    };
  }

  it("returns at the first look that finds nothing missing", async () => {
    const sightings = [starting, starting, READY];
    let looks = 0;
    await waitForCluster(options({ look: () => Promise.resolve(sightings[looks++]!) }));
    expect(looks).toBe(3);
  });

  it("says what it waits for when that changes, and every ten seconds when it does not", async () => {
    const sightings = [...Array<Sighting>(25).fill(starting), { ...READY, hosts: [] as Host[] }, READY];
    const messages: string[] = [];
    let looks = 0;
    await waitForCluster(
      options({
        look: () => Promise.resolve(sightings[looks++]!),
        progress: (message) => messages.push(message),
        // One second a look.
        now: () => looks * 1_000,
      }),
    );
    expect(messages).toEqual([
      "Waiting for the cluster, 1 s: Consul does not answer (refused)",
      "Waiting for the cluster, 11 s: Consul does not answer (refused)",
      "Waiting for the cluster, 21 s: Consul does not answer (refused)",
      "Waiting for the cluster, 26 s: Nomad has 0 of 2 workers",
    ]);
  });

  describe("with fewer workers than EC2 runs, and no fewer than are needed", () => {
    const incomplete: Sighting = { ...READY, hosts: [worker(1), worker(2), worker(3)] };

    async function wait(sighting: (look: number) => Sighting, timeoutSeconds = 600) {
      const [messages, warnings]: string[][] = [[], []];
      let looks = 0;
      await waitForCluster(
        options({
          timeoutSeconds,
          look: () => Promise.resolve(sighting(looks++)),
          progress: (message) => messages!.push(message),
          warn: (message) => warnings!.push(message),
          now: () => looks * 1_000,
        }),
      );
      return { looks, messages, warnings };
    }

    it("waits for the others, and warns of nothing when they come", async () => {
      const { looks, messages, warnings } = await wait((look) => (look < 5 ? incomplete : READY));
      expect(looks).toBe(6);
      expect(messages).toEqual(["Waiting for the cluster, 1 s: Nomad does not have cluster-dev-worker-3 (i-3)"]);
      expect(warnings).toEqual([]);
    });

    it("goes on without them after a minute, and names them", async () => {
      const { looks, warnings } = await wait(() => incomplete);
      expect(looks).toBe(61);
      expect(warnings).toEqual([
        "Going on without workers that have not come after 60 s:\n" +
          "  cluster-dev-worker-3 (i-3, 10.42.128.3): boot step install: running on i-3",
      ]);
    });

    it("goes on without them when the time is over, rather than fail", async () => {
      const { looks, warnings } = await wait(() => incomplete, 20);
      expect(looks).toBe(20);
      expect(warnings).toEqual([
        "Going on without workers that have not come after 19 s:\n" +
          "  cluster-dev-worker-3 (i-3, 10.42.128.3): boot step install: running on i-3",
      ]);
    });

    it("begins to wait when there are enough", async () => {
      const { looks } = await wait((look) => (look < 30 || look === 40 ? starting : incomplete));
      expect(looks).toBe(41 + 61);
    });
  });

  it("gives up in time, naming each host, its last boot step and the remedy", async () => {
    const wait = waitForCluster(options({ timeoutSeconds: 0, look: () => Promise.resolve(starting) }));
    await expect(wait).rejects.toThrow(
      "The cluster was not ready after 0 s: Consul does not answer (refused).\n" +
        "Its hosts:\n" +
        "  cluster-dev-worker-1 (i-1, 10.42.128.1): boot step install: running on i-1\n" +
        "  cluster-dev-worker-2 (i-2, 10.42.128.2): boot step install: running on i-2\n" +
        "Do this.",
    );
  });

  it("says of a host that has stopped that it has, and waits for it no longer", async () => {
    const stopped = { ...worker(3), state: "stopped" };
    const hosts = [worker(1), worker(2), stopped];
    expect(missing(EXPECTED, { ...READY, hosts })).toEqual([]);
    const look = () => Promise.resolve({ ...starting, hosts: [stopped] });
    await expect(waitForCluster(options({ timeoutSeconds: 0, look }))).rejects.toThrow(
      "  cluster-dev-worker-3 (i-3, 10.42.128.3): EC2 says it is stopped; boot step install: running on i-3\n",
    );
  });

  it("says so when there is no host at all", async () => {
    const look = () => Promise.resolve({ ...starting, hosts: [] });
    await expect(waitForCluster(options({ timeoutSeconds: 0, look }))).rejects.toThrow(
      "The cluster was not ready after 0 s: Consul does not answer (refused); Nomad has 0 of 2 workers.\n" +
        "EC2 shows no host of it.\nDo this.",
    );
  });
});

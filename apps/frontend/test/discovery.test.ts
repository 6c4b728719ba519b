import { Discovery } from "../src/discovery/discovery";
import type { Instance } from "../src/discovery/instance";
import { decodeTarget, LookupError, srvLookup } from "../src/discovery/srv";
import { ConsulAgent } from "./consul-agent";
import { FakeBackend } from "./fake-backend";
import { until } from "./until";

jest.setTimeout(30_000);

// One agent for all, and a service of its own for each test.
let consul: ConsulAgent;
let service = "";
let name = "";
let tests = 0;
beforeAll(async () => {
  consul = await ConsulAgent.start();
});
afterAll(() => consul.stop());
beforeEach(() => {
  service = `backend-${++tests}`;
  name = `${service}.service.consul`;
});
afterEach(() => consul.thaw());

const lookup = (agent = consul) => srvLookup({ servers: [agent.dns] });
const at = (port: number): Instance => ({ address: "127.0.0.1", port });
const idOf = (port: number): string => `${service}-${port}`;
const register = (port: number): Promise<void> =>
  consul.register({ name: service, id: idOf(port), port, address: "127.0.0.1" });

/** For a test that ends the agent's life. */
async function withAgent(role: "server" | "client", use: (agent: ConsulAgent) => Promise<void>): Promise<void> {
  const agent = await ConsulAgent.start(role);
  try {
    await use(agent);
  } finally {
    await agent.stop();
  }
}

/** Where an agent was. */
async function formerAgent(): Promise<ConsulAgent> {
  const agent = await ConsulAgent.start();
  await agent.stop();
  return agent;
}

describe("a look-up in Consul DNS", () => {
  it("finds every instance as it comes and goes, however many, in an order of its own", async () => {
    const ports = [20_001, 20_002, 20_003, 20_004, 20_005, 20_006, 20_007, 20_008, 20_009, 20_010];
    await Promise.all(ports.map(register));
    expect(await lookup()(name)).toEqual(ports.map(at));
    await consul.deregister(idOf(20_001));
    expect(await lookup()(name)).toEqual(ports.slice(1).map(at));
    expect(await lookup()(`_${service}._tcp.service.consul`)).toEqual(ports.slice(1).map(at));
  });

  it("finds the address of an instance that is registered without one", async () => {
    await consul.register({ name: service, id: idOf(20_001), port: 20_001 });
    // The node itself gets into the catalog at the agent's next synchronisation.
    await until("the node's address", async () => (await lookup()(name)).length === 1);
    expect(await lookup()(name)).toEqual([at(20_001)]);
  });

  it("leaves out an instance that hangs once its check has failed, and has it back once it answers", async () => {
    const backend = await FakeBackend.start("b1");
    try {
      const { port } = backend;
      const check = `http://127.0.0.1:${port}/`;
      await consul.register({ name: service, id: idOf(port), port, address: "127.0.0.1", check });
      expect(await lookup()(name)).toEqual([at(port)]);
      backend.behaviour = "hang";
      await until("the check to fail", async () => (await lookup()(name)).length === 0);
      backend.behaviour = "answer";
      await until("the check to pass", async () => (await lookup()(name)).length === 1);
    } finally {
      await backend.stop();
    }
  });

  it("answers with none for a service that nobody registered", async () => {
    expect(await lookup()("nobody.service.consul")).toEqual([]);
  });

  it("fails with TIMEOUT after its two tries when the agent hangs", async () => {
    await consul.freeze();
    const start = performance.now();
    await expect(lookup()(name)).rejects.toThrow(new LookupError(name, "TIMEOUT"));
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it("fails with CONNREFUSED when the agent is gone", async () => {
    await expect(lookup(await formerAgent())(name)).rejects.toThrow(new LookupError(name, "CONNREFUSED"));
  });

  it("fails with SERVFAIL, rather than finding none, when the agent has lost its servers", async () => {
    await withAgent("client", async (client) => {
      await expect(lookup(client)(name)).rejects.toThrow(new LookupError(name, "SERVFAIL"));
    });
  });
});

describe("decoding a target", () => {
  it.each([
    ["7f000001.addr.dc1.consul", ["127.0.0.1"]],
    ["0A00FE05.addr.dc1.consul", ["10.0.254.5"]],
    ["20010db8000000000000000000000001.addr.dc1.consul", ["2001:0db8:0000:0000:0000:0000:0000:0001"]],
    ["agent.node.dc1.consul", undefined],
    ["7f0001.addr.dc1.consul", undefined],
  ])("reads %s as %j", (target, addresses) => {
    expect(decodeTarget(target)).toEqual(addresses);
  });
});

describe("discovery", () => {
  /** With a clock that only the test moves, and a count of the look-ups that reach the agent. */
  function discover(agent = consul) {
    const outcomes: string[] = [];
    const clock = { ms: 0 };
    const real = lookup(agent);
    const counted = { lookups: 0 };
    const discovery = new Discovery({
      name,
      lookup: (asked) => {
        counted.lookups++;
        return real(asked);
      },
      onLookup: (outcome) => outcomes.push(outcome),
      now: () => clock.ms,
    });
    return { discovery, outcomes, clock, counted };
  }

  it("shares one look-up among callers, and its answer for a second", async () => {
    await register(20_001);
    const { discovery, clock, counted } = discover();
    const answers = await Promise.all(Array.from({ length: 50 }, () => discovery.resolve()));
    expect(new Set(answers.map((answer) => answer.source))).toEqual(new Set(["fresh"]));
    expect(counted.lookups).toBe(1);

    await register(20_002);
    clock.ms = 999;
    expect(await discovery.resolve()).toEqual({ instances: [at(20_001)], source: "cached", ageMs: 999 });
    clock.ms = 1000;
    expect(await discovery.resolve()).toEqual({ instances: [at(20_001), at(20_002)], source: "fresh", ageMs: 0 });
    expect(counted.lookups).toBe(2);
  });

  it("asks again at once when told that the answer won't do", async () => {
    await register(20_001);
    const { discovery, counted } = discover();
    await discovery.resolve();
    expect((await discovery.resolve({ renew: true })).source).toBe("fresh");
    expect(counted.lookups).toBe(2);
  });

  it("keeps the last good answer while DNS fails, asks once a second, and recovers", async () => {
    await register(20_001);
    const { discovery, clock, counted, outcomes } = discover();
    await discovery.resolve();
    await consul.freeze();

    clock.ms = 5000;
    const start = performance.now();
    const slow = { instances: [at(20_001)], source: "stale", ageMs: 5000, failure: "SLOW" };
    expect(await discovery.resolve()).toEqual(slow);
    expect(performance.now() - start).toBeLessThan(1000);

    await until("the look-up to fail", () => outcomes.length === 2);
    expect(outcomes).toEqual(["ok", "TIMEOUT"]);
    clock.ms = 5999;
    expect(await discovery.resolve()).toEqual({ ...slow, ageMs: 5999, failure: "TIMEOUT" });
    expect(counted.lookups).toBe(2);

    consul.thaw();
    clock.ms = 7000;
    expect((await discovery.resolve()).source).toBe("fresh");
  });

  it("does not take a failure for the news that there is no instance, nor that news for a failure", async () => {
    await withAgent("server", async (agent) => {
      await agent.register({ name: service, id: idOf(20_001), port: 20_001, address: "127.0.0.1" });
      const { discovery, clock } = discover(agent);
      expect((await discovery.resolve()).instances).toEqual([at(20_001)]);
      await agent.deregister(idOf(20_001));
      clock.ms = 30_000;
      expect(await discovery.resolve()).toEqual({ instances: [], source: "fresh", ageMs: 0 });
      await agent.stop();
      clock.ms = 31_000;
      const stale = { instances: [], source: "stale", ageMs: 1000, failure: "CONNREFUSED" };
      expect(await discovery.resolve()).toEqual(stale);
    });
  });

  it("doubts for 30 seconds that all are gone, asks once a second, and believes at once who has come", async () => {
    await register(20_001);
    const { discovery, clock, counted, outcomes } = discover();
    await discovery.resolve();
    await consul.deregister(idOf(20_001));
    clock.ms = 1000;
    const stale = { instances: [at(20_001)], source: "stale", ageMs: 1000, failure: "NONE" };
    expect(await discovery.resolve()).toEqual(stale);
    clock.ms = 1999;
    expect(await discovery.resolve()).toEqual({ ...stale, ageMs: 1999 });
    clock.ms = 29_999;
    expect(await discovery.resolve()).toEqual({ ...stale, ageMs: 29_999 });
    expect(outcomes).toEqual(["ok", "none", "none"]);
    await register(20_002);
    clock.ms = 31_000;
    expect(await discovery.resolve()).toEqual({ instances: [at(20_002)], source: "fresh", ageMs: 0 });
    expect(counted.lookups).toBe(4);
  });

  it("throws what DNS failed with when it never answered", async () => {
    const { discovery, counted } = discover(await formerAgent());
    const failures = await Promise.allSettled([discovery.resolve(), discovery.resolve()]);
    const codes = failures.map((failure) => (failure as PromiseRejectedResult).reason.code);
    expect(codes).toEqual(["CONNREFUSED", "CONNREFUSED"]);
    await expect(discovery.resolve()).rejects.toThrow(new LookupError(name, "CONNREFUSED"));
    expect(counted.lookups).toBe(1);
  });

  it("ends a look-up that never ends", async () => {
    const discovery = new Discovery({ name, lookup: () => new Promise(() => {}), deadlineMs: 50 });
    await expect(discovery.resolve()).rejects.toThrow(new LookupError(name, "TIMEOUT"));
  });
});

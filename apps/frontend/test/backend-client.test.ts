import { BackendClient, type BackendResult } from "../src/backend-client";
import { CoolDown } from "../src/discovery/cool-down";
import { Discovery } from "../src/discovery/discovery";
import type { Instance } from "../src/discovery/instance";
import { LookupError } from "../src/discovery/srv";
import { type Behaviour, FakeBackend } from "./fake-backend";
import { until } from "./until";

const SILENCE_MS = 250;

const open: { stop(): Promise<void> }[] = [];
afterEach(() => Promise.all(open.splice(0).map((one) => one.stop())));

async function backend(id: string, behaviour: Behaviour = "answer", address?: string): Promise<FakeBackend> {
  const started = await FakeBackend.start(id, { address });
  started.behaviour = behaviour;
  open.push(started);
  return started;
}

/** Longer than any test lasts: on a busy machine a backend that is well may be silent for a while. */
const NEVER_MS = 60_000;

/** A client of exactly these instances, which takes the first of those that are equally good. */
function clientOf(
  registered: () => readonly FakeBackend[],
  { random = (): number => 0, silenceMs = NEVER_MS, host = "" } = {},
) {
  const clock = { ms: 0 };
  const outcomes: string[] = [];
  const lookup = async (): Promise<Instance[]> => registered().map(({ address, port }) => ({ address, port }));
  const discovery = new Discovery({ name: "backend.service.consul", lookup, now: () => clock.ms });
  const coolDown = new CoolDown(5000, () => clock.ms);
  const onAttempt = (outcome: string) => outcomes.push(outcome);
  const client = new BackendClient({ discovery, coolDown, random, silenceMs, host, onAttempt });
  open.push({ stop: () => client.close() });
  return { client, clock, outcomes };
}

const answeredBy = (result: BackendResult) =>
  result.outcome === "answered" ? result.values.instance.id : result.outcome;
const reasons = (result: BackendResult) =>
  result.outcome === "discovery-failed" ? [] : result.failures.map((failure) => failure.reason);

describe("the backend client", () => {
  it("spreads requests over all instances by chance", async () => {
    const three = [await backend("b1"), await backend("b2"), await backend("b3")];
    let turn = 0;
    const { client } = clientOf(() => three, { random: () => (turn++ % 3) / 3 });
    for (let i = 0; i < 9; i++) await client.values("r");
    expect(three.map((one) => one.requests)).toEqual([3, 3, 3]);
  });

  it("asks the instance that has the least to do", async () => {
    const both = [await backend("b1", "answer late"), await backend("b2", "answer late")];
    const { client } = clientOf(() => both);
    const first = client.values("r");
    await until("the first request", () => both[0]!.requests === 1);
    const others = [client.values("r"), client.values("r")];
    await until("the others", () => both[0]!.requests + both[1]!.requests === 3);
    expect(both.map(({ requests }) => requests)).toEqual([2, 1]);
    await Promise.all([first, ...others]);
  });

  describe("on the host of one of the instances", () => {
    const host = "127.0.0.2";

    it("asks that one, as long as it has no more to do than the others", async () => {
      const three = [await backend("b1"), await backend("b2", "answer", host), await backend("b3")];
      const { client } = clientOf(() => three, { host });
      for (let i = 0; i < 9; i++) await client.values("r");
      expect(three.map((one) => one.requests)).toEqual([0, 9, 0]);
    });

    it("asks the others once that one has more to do", async () => {
      const both = [await backend("b1", "answer late"), await backend("b2", "answer late", host)];
      const { client } = clientOf(() => both, { host });
      await Promise.all([client.values("r"), client.values("r"), client.values("r")]);
      expect(both.map(({ requests }) => requests)).toEqual([1, 2]);
    });

    it("avoids that one as any other when it has failed lately", async () => {
      const both = [await backend("b1"), await backend("b2", "refuse", host)];
      const { client } = clientOf(() => both, { host });
      expect([answeredBy(await client.values("r")), answeredBy(await client.values("r"))]).toEqual(["b1", "b1"]);
      expect(both.map(({ requests }) => requests)).toEqual([2, 1]);
    });
  });

  it.each<[Behaviour, string]>([
    ["reset", "CONNRESET"],
    ["refuse", "HTTP 503"],
    ["answer HTML", "MALFORMED"],
    ["answer as another service", "MALFORMED"],
  ])("tries another instance when one would %s (%s)", async (behaviour, reason) => {
    const both = [await backend("b1", behaviour), await backend("b2")];
    const { client, outcomes } = clientOf(() => both);
    const result = await client.values("r");
    expect([answeredBy(result), reasons(result)]).toEqual(["b2", [reason]]);
    expect(outcomes).toEqual([reason, "ok"]);
  });

  it("asks another instance too when one says nothing for a while, and avoids that one", async () => {
    const both = [await backend("b1", "hang"), await backend("b2")];
    const { client, outcomes } = clientOf(() => both, { silenceMs: SILENCE_MS });
    const start = performance.now();
    const result = await client.values("r");
    expect(performance.now() - start).toBeGreaterThan(SILENCE_MS - 5);
    expect([answeredBy(result), reasons(result)]).toEqual(["b2", ["SILENT"]]);
    expect(outcomes).toEqual(["ok", "SILENT"]);
    expect(both.map((one) => client.coolDown.isCooling({ address: one.address, port: one.port }))).toEqual([
      true,
      false,
    ]);
  });

  it("still hears an instance that is slow when the one asked after it is slower", async () => {
    const both = [await backend("b1", "answer late"), await backend("b2", "hang")];
    const { client, outcomes } = clientOf(() => both, { silenceMs: SILENCE_MS });
    const result = await client.values("r");
    expect([answeredBy(result), reasons(result)]).toEqual(["b1", ["SILENT"]]);
    expect(outcomes).toEqual(["ok", "SILENT"]);
  });

  it("does not ask the only instance again while it is silent", async () => {
    const only = await backend("b1", "answer late");
    const { client, outcomes } = clientOf(() => [only], { silenceMs: SILENCE_MS });
    expect(answeredBy(await client.values("r"))).toBe("b1");
    expect([only.requests, outcomes]).toEqual([1, ["ok"]]);
  });

  it("tries an instance that failed once more while another is silent", async () => {
    const both = [await backend("b1", "refuse"), await backend("b2", "hang")];
    const { client, outcomes } = clientOf(() => both, { silenceMs: SILENCE_MS });
    const values = client.values("r");
    await until("the second attempt", () => both[1]!.requests === 1);
    both[0]!.behaviour = "answer";
    const result = await values;
    expect([answeredBy(result), reasons(result)]).toEqual(["b1", ["HTTP 503", "SILENT"]]);
    expect(outcomes).toEqual(["HTTP 503", "ok", "SILENT"]);
  });

  it("tries another instance when the process of one is gone, also on a connection that it had kept", async () => {
    const both = [await backend("b1"), await backend("b2")];
    const { client } = clientOf(() => both);
    expect(answeredBy(await client.values("r"))).toBe("b1");
    const [first] = both as [FakeBackend];
    // The port that it leaves must not be asked for again.
    Object.defineProperty(first, "port", { value: first.port });
    await first.stop();
    const result = await client.values("r");
    expect([answeredBy(result), reasons(result)]).toEqual(["b2", ["CONNREFUSED"]]);
  });

  it("avoids an instance that failed for some seconds, then gives it another chance", async () => {
    const both = [await backend("b1", "refuse"), await backend("b2")];
    const { client, clock } = clientOf(() => both);
    expect(reasons(await client.values("r"))).toEqual(["HTTP 503"]);
    expect(reasons(await client.values("r"))).toEqual([]);
    expect(both[0]?.requests).toBe(1);

    both[0]!.behaviour = "answer";
    clock.ms = 5000;
    expect(answeredBy(await client.values("r"))).toBe("b1");
  });

  it("still tries the only instance though it failed lately", async () => {
    const only = await backend("b1", "refuse");
    const { client } = clientOf(() => [only]);
    expect(answeredBy(await client.values("r"))).toBe("none-answered");
    only.behaviour = "answer";
    expect(answeredBy(await client.values("r"))).toBe("b1");
  });

  it("looks up again when all that it knows have failed", async () => {
    const old = await backend("old");
    const registered = [old];
    const { client } = clientOf(() => registered);
    expect(answeredBy(await client.values("r"))).toBe("old");
    old.behaviour = "refuse";
    registered[0] = await backend("new");
    const result = await client.values("r");
    expect([answeredBy(result), reasons(result)]).toEqual(["new", ["HTTP 503"]]);
    expect(result).toMatchObject({ discovery: { source: "fresh" } });
  });

  it("gives up after three attempts", async () => {
    const all = await Promise.all(["b1", "b2", "b3", "b4"].map((id) => backend(id, "refuse")));
    const { client } = clientOf(() => all);
    const result = await client.values("r");
    expect([answeredBy(result), reasons(result)]).toEqual(["none-answered", ["HTTP 503", "HTTP 503", "HTTP 503"]]);
  });

  it("gives up after four seconds when every instance hangs", async () => {
    const all = await Promise.all(["b1", "b2", "b3"].map((id) => backend(id, "hang")));
    const { client } = clientOf(() => all, { silenceMs: SILENCE_MS });
    const start = performance.now();
    const result = await client.values("r");
    expect([answeredBy(result), reasons(result)]).toEqual(["none-answered", ["TIMEOUT", "TIMEOUT", "TIMEOUT"]]);
    const elapsed = performance.now() - start;
    expect(elapsed).toBeGreaterThan(3900);
    expect(elapsed).toBeLessThan(4900);
  });

  it("tells apart that there is none and that it cannot know", async () => {
    const { client } = clientOf(() => []);
    expect(await client.values("r")).toEqual({
      outcome: "none-registered",
      discovery: { instances: [], source: "fresh", ageMs: 0 },
      failures: [],
    });
    const blind = clientOf(() => {
      throw new LookupError("backend.service.consul", "SERVFAIL");
    });
    expect(await blind.client.values("r")).toEqual({ outcome: "discovery-failed", code: "SERVFAIL" });
  });

  it("passes the request's id on, and its trace where it has one", async () => {
    const only = await backend("b1");
    const { client } = clientOf(() => [only]);
    await client.values("request-1");
    await client.values("request-2", "Root=1-67891233-abcdef012345678912345678");
    expect(only.requestIds).toEqual(["request-1", "request-2"]);
    expect(only.traces).toEqual([undefined, "Root=1-67891233-abcdef012345678912345678"]);
  });
});

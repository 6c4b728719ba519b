import type { RaftServer } from "./raft";
import { type PresentServer, type RaftSighting, rolloutOrder, type WantedServer, whyNot } from "./server-order";
import { type RolloutAccess, ServerRollout, type ServerRolloutArgs } from "./server-rollout";

const server = (n: number, userData = "old"): PresentServer => ({
  ...{ id: `i-${n}`, name: `server-${n}`, role: "server", privateIp: `10.0.0.${n}`, state: "running" },
  ...{ instanceType: "t3.small", userData },
});
const wanted = (n: number, userData = "new"): WantedServer => ({
  ...{ name: `server-${n}`, userData, instanceType: "t3.small" },
});
const member = (n: number, changes: Partial<RaftServer> = {}): RaftServer => ({
  ...{ id: `id-${n}`, name: `server-i-${n}`, ip: `10.0.0.${n}`, healthy: true, voter: true, leader: false },
  stableSince: "2026-01-01T00:00:00Z",
  ...changes,
});
const both = (...servers: RaftServer[]): RaftSighting => ({ consul: servers, nomad: servers });

describe("a server can be spared", () => {
  it.each<[string, RaftSighting, string[]]>([
    ["when the others are healthy voters", both(member(1), member(2), member(3)), []],
    ["when it serves nobody itself", both(member(1, { healthy: false }), member(2), member(3, { healthy: false })), []],
    ["when Raft does not know it", both(member(2), member(3, { healthy: false })), []],
  ])("%s", (_when, seen, reasons) => {
    expect(whyNot("10.0.0.1", seen)).toEqual(reasons);
  });
});

describe("a server is kept", () => {
  it.each<[string, RaftSighting, string[]]>([
    [
      "while another is not healthy",
      { consul: [member(1), member(2), member(3, { healthy: false })], nomad: [member(1), member(2), member(3)] },
      ["Consul has no healthy voter in server-i-3 (10.0.0.3)"],
    ],
    [
      "while another has no vote yet",
      { consul: [member(1), member(2), member(3)], nomad: [member(1), member(2, { voter: false }), member(3)] },
      ["Nomad has no healthy voter in server-i-2 (10.0.0.2)"],
    ],
    [
      "when the others are no majority",
      both(member(1), member(2)),
      ["Consul", "Nomad"].map((title) => `${title} would have 1 of 2 voters, and 2 are a majority`),
    ],
    [
      "while nothing is known of the others",
      { consul: new Error("fetch failed", { cause: new Error("ECONNREFUSED") }), nomad: new Error("no leader") },
      ["Consul does not answer (ECONNREFUSED)", "Nomad does not answer (no leader)"],
    ],
  ])("%s", (_when, seen, reasons) => {
    expect(whyNot("10.0.0.1", seen)).toEqual(reasons);
  });
});

describe("the order in which servers go", () => {
  const three = [wanted(1), wanted(2), wanted(3)];

  it("has the ones first that do not serve, and leaders last", () => {
    const present = [server(1), server(2), server(3)];
    const seen = {
      consul: [member(1, { leader: true }), member(2), member(3)],
      nomad: [member(1), member(2), member(3, { healthy: false })],
    };
    expect(rolloutOrder(three, present, seen)).toEqual(["server-3", "server-2", "server-1"]);
  });

  it("leaves out what is as it is wanted, and what does not exist yet", () => {
    const seen = both(member(1), member(2));
    expect(rolloutOrder(three, [server(1, "new"), server(2)], seen)).toEqual(["server-2"]);
    expect(rolloutOrder(three, [{ ...server(1, "new"), instanceType: "t3.large" }], seen)).toEqual(["server-1"]);
  });

  it("is the stack's own when nothing can be asked", () => {
    const silent = { consul: new Error("silent"), nomad: new Error("silent") };
    expect(rolloutOrder(three, [server(1), server(2), server(3)], silent)).toEqual(three.map(({ name }) => name));
  });
});

describe("a rollout", () => {
  let present: PresentServer[];
  let seen: RaftSighting;
  let booting: string[];
  let silent: string[];
  let said: string[];
  let handed: string[];
  let clock: number;

  const access: RolloutAccess = {
    list: () => Promise.resolve(present),
    boot: (id) =>
      Promise.resolve({
        state: booting.includes(id) ? "booting" : silent.includes(id) ? "unknown" : "done",
        words: `boot of ${id}`,
      }),
    raft: () => Promise.resolve(seen),
    handOver(program, to) {
      handed.push(`${program} to ${to.name}`);
      const servers = seen[program] as RaftServer[];
      const lead = (each: RaftServer) => ({ ...each, leader: each.id === to.id });
      seen = { ...seen, [program]: servers.map(lead) };
      return Promise.resolve();
    },
    progress: (message) => void said.push(message),
  };
  const start = (changes: Partial<ServerRolloutArgs> = {}) =>
    new ServerRollout({ count: 3, timeoutSeconds: 60, access, pollMs: 0, now: () => (clock += 1_000), ...changes });

  beforeEach(() => {
    present = [server(1), server(2), server(3)];
    seen = both(member(1), member(2), member(3));
    [booting, silent, said, handed, clock] = [[], [], [], [], 0];
  });

  /** Gives every server its turn; writes down when each had it. */
  function turns(rollout: ServerRollout, servers: readonly WantedServer[]): { had: string[]; all: Promise<unknown> } {
    const had: string[] = [];
    const all = Promise.all(servers.map(async (each) => (await rollout.turn(each), had.push(each.name))));
    return { had, all };
  }
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 20));

  it("waits for nothing when there is no server yet", async () => {
    present = [];
    const rollout = start();
    await turns(rollout, [wanted(1), wanted(2), wanted(3)]).all;
    await rollout.finished();
    expect(said).toEqual([]);
  });

  it("waits for nothing when no server has to be another", async () => {
    const rollout = start();
    await turns(rollout, [wanted(1, "old"), wanted(2, "old"), wanted(3, "old")]).all;
    await rollout.finished();
    expect(said).toEqual([]);
  });

  it("gives the next its turn when the one before has booted and serves, and ends when the last does", async () => {
    const rollout = start({ timeoutSeconds: 3_600 });
    const { had, all } = turns(rollout, [wanted(1), wanted(2), wanted(3)]);
    const members = [member(1), member(2), member(3)];
    for (const [index, name] of ["server-1", "server-2", "server-3"].entries()) {
      await quiet();
      expect(had).toHaveLength(index + 1);
      expect(had.at(-1)).toBe(name);
      booting = [`i-1${index + 1}`];
      // Raft goes on believing in the one before, which had the same address.
      rollout.made(name, { id: `i-1${index + 1}`, ip: `10.0.0.${index + 1}` });
      await quiet();
      expect(had).toHaveLength(index + 1);
      booting = [];
      members[index] = { ...members[index]!, voter: false };
      seen = both(...members);
      await quiet();
      expect(had).toHaveLength(index + 1);
      members[index] = { ...members[index]!, voter: true };
      seen = both(...members);
    }
    await all;
    await rollout.finished();
    expect(said[0]).toBe("Servers to replace, one at a time: server-1, server-2, server-3");
    expect(said).toContain("Waiting for server-2's turn to be replaced, 1 s: 10.0.0.1: boot of i-11");
  });

  it("waits for Raft to see a server come back, when its console says nothing", async () => {
    silent = ["i-12"];
    const rollout = start({ timeoutSeconds: 3_600 });
    const { had, all } = turns(rollout, [wanted(1, "old"), wanted(2), wanted(3)]);
    await quiet();
    rollout.made("server-2", { id: "i-12", ip: "10.0.0.2" });
    await quiet();
    expect(had).toEqual(["server-1", "server-2"]);
    seen = both(member(1), member(2, { stableSince: "2026-01-01T00:00:10Z" }), member(3));
    await all;
    expect(had).toEqual(["server-1", "server-2", "server-3"]);
  });

  it("hands leadership to a server that has had its turn, before the leader goes", async () => {
    seen = { consul: [member(1), member(2), member(3, { leader: true })], nomad: [member(1), member(2), member(3)] };
    const rollout = start();
    const { all } = turns(rollout, [wanted(1, "old"), wanted(2), wanted(3)]);
    await quiet();
    rollout.made("server-2", { id: "i-12", ip: "10.0.0.2" });
    await all;
    expect(handed).toEqual(["consul to server-i-2"]);
  });

  it("does not wait for a server that never came so far as to serve", async () => {
    booting = ["i-1", "i-2", "i-3"];
    seen = { consul: new Error("silent"), nomad: new Error("silent") };
    const rollout = start();
    const { had, all } = turns(rollout, [wanted(1), wanted(2), wanted(3)]);
    for (const n of [1, 2]) {
      await quiet();
      rollout.made(`server-${n}`, { id: `i-1${n}`, ip: `10.0.0.${n}` });
    }
    await all;
    expect(had).toEqual(["server-1", "server-2", "server-3"]);
  });

  it("replaces the only server of a cluster without waiting for others, and says what that means", async () => {
    present = [server(1)];
    seen = both(member(1, { leader: true }));
    await start({ count: 1 }).turn(wanted(1));
    expect(said.at(-1)).toBe("server-1 is the only server: the cluster has none until its replacement is up");
  });

  it("refuses, when the time is over, to take a server away that the others cannot do without", async () => {
    seen = both(member(1, { healthy: false }), member(2), member(3));
    present[0] = { ...server(1, "new"), state: "stopped" };
    const { all } = turns(start(), [wanted(1), wanted(2), wanted(3, "old")]);
    await expect(all).rejects.toThrow(
      [
        "Gave up waiting for server-2's turn to be replaced after 60 s, and left it as it is: Consul has no healthy voter in server-i-1 (10.0.0.1); Nomad has no healthy voter in server-i-1 (10.0.0.1).",
        "The servers:",
        "  server-1 (i-1, 10.0.0.1): EC2 says it is stopped; boot of i-1",
        "  server-2 (i-2, 10.0.0.2): boot of i-2",
        "  server-3 (i-3, 10.0.0.3): boot of i-3",
        "Taking a server away now could cost the cluster its leader. Bring the others back, then run `pulumi up` again. A server that is beyond help is replaced without this wait when its instance is terminated first: `pulumi up --refresh`.",
      ].join("\n"),
    );
  });

  it("leaves those after a server that could not be replaced as they are, too", async () => {
    seen = both(member(1), member(2, { healthy: false }), member(3));
    present[1] = server(2, "new");
    const rollout = start();
    const [first, third] = [rollout.turn(wanted(1)), rollout.turn(wanted(3))];
    const ended = expect(Promise.allSettled([rollout.turn(wanted(2)), first, third, rollout.finished()])).resolves;
    await ended.toEqual([
      { status: "fulfilled", value: undefined },
      { status: "rejected", reason: expect.objectContaining({ message: expect.stringMatching(/^Gave up waiting/) }) },
      ...[0, 1].map(() => ({
        status: "rejected",
        reason: expect.objectContaining({
          message: "server-1 was not replaced, and what comes after it is not either.",
        }),
      })),
    ]);
  });

  it("does not wait for ever for a server that is never made", async () => {
    const { had, all } = turns(start({ timeoutSeconds: 0.01 }), [wanted(1), wanted(2), wanted(3, "old")]);
    await expect(all).rejects.toThrow("server-1 was not there 0.02 s after its turn could have begun.");
    expect(had).toEqual(["server-3", "server-1"]);
  });

  it("refuses to take away more servers than a majority can lose", async () => {
    await expect(start({ count: 1 }).turn(wanted(1, "old"))).rejects.toThrow(
      "serverCount: expected to keep at least 2 of the 3 servers that there are, got 1: with fewer the cluster loses its leader and cannot be changed any more. Go down in steps that keep a majority.",
    );
    present = [1, 2, 3, 4, 5].map((n) => server(n));
    await turns(start(), [wanted(1, "old"), wanted(2, "old"), wanted(3, "old")]).all;
  });
});

import { haveLeader, read, run, write } from "./leader";

haveLeader();

describe("placement", () => {
  const ago = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;
  const node = (ID: string, ModifyIndex: number, change: object = {}) => ({
    ...{ ID, Status: "ready", SchedulingEligibility: "eligible", ModifyIndex, ...change },
  });
  const allocation = (ID: string, NodeID: string, secondsPlaced: number, change: object) => ({
    ...{ ID, NodeID, NodeName: `worker-${NodeID}` },
    ...{ CreateTime: ago(secondsPlaced) * 1e9, ModifyTime: ago(secondsPlaced) * 1e9 },
    // As if Nomad changed something once a second, and nothing before the last 1,000.
    ...{ CreateIndex: 1_000 - secondsPlaced, JobVersion: 7, DesiredStatus: "run", ClientStatus: "running", ...change },
  });
  const nodes = [node("a", 50), node("b", 900)];
  function given(nodes: readonly object[], allocations: readonly object[]): void {
    write("answers/nodes", JSON.stringify(nodes));
    write("answers/allocations", JSON.stringify(allocations));
  }
  const asked = (path: RegExp) => [...read("asked-of-agent").matchAll(path)].map(([, ...parts]) => parts);
  const nothing = { code: 0, said: "" };

  it("is looked after by the leader alone", () => {
    given(nodes, []);
    expect(run(["placement.sh"], { LEADS: "consul" })).toEqual(nothing);
    expect(read("asked-of-agent")).toBe("");
  });

  describe("of a service of which one worker has two instances more than another", () => {
    const instance = (ID: string, NodeID: string, secondsPlaced: number, change: object = {}) =>
      allocation(ID, NodeID, secondsPlaced, {
        ...{ Namespace: "default", JobID: "web", JobType: "service", TaskGroup: "page", ...change },
      });
    const spreadOver = (Attribute: string) =>
      write(
        "answers/web",
        JSON.stringify({ Spreads: null, TaskGroups: [{ Spreads: null }, { Spreads: [{ Attribute }] }] }),
      );
    const stopped = () => asked(/allocation\/(\S+)\/stop/g).flat();
    const together = [instance("1", "a", 900), instance("2", "a", 800), instance("3", "a", 850)];
    beforeEach(() => spreadOver("${node.unique.id}"));

    it("moves the newest there, when the other has come since", () => {
      given(nodes, together);
      expect(run(["placement.sh"])).toEqual({
        code: 0,
        said: "web has 3 instances on worker-a: one of them moves",
      });
      expect(stopped()).toEqual(["2"]);
      expect(read("asked-of-agent")).toContain('filter=DesiredStatus == "run" or ClientStatus matches "running|lost"');
    });

    it("moves one from the fullest, of several, whichever were placed last elsewhere", () => {
      const three = [node("a", 50), node("b", 900), node("c", 50)];
      given(three, [...together, instance("4", "c", 70), instance("5", "c", 75), instance("6", "b", 65)]);
      expect(run(["placement.sh"]).said).toBe("web has 3 instances on worker-a: one of them moves");
      expect(stopped()).toEqual(["2"]);
    });

    const lost = { DesiredStatus: "stop", ClientStatus: "lost" };

    it("moves one to a worker on which something was lost, and has ended by now", () => {
      given(nodes, [...together, instance("0", "b", 100, lost)]);
      expect(run(["placement.sh"]).code).toBe(0);
      expect(stopped()).toEqual(["2"]);
    });

    it("moves one after an hour even if no worker has come: there may be room by now", () => {
      const settled = { CreateIndex: 990 };
      given(nodes, [instance("1", "a", 3_590, settled), instance("2", "a", 3_590, settled)]);
      expect(run(["placement.sh"])).toEqual(nothing);
      given(nodes, [instance("1", "a", 3_610, settled), instance("2", "a", 3_610, settled)]);
      expect(run(["placement.sh"]).said).toBe("web has 2 instances on worker-a: one of them moves");
    });

    it.each([
      ["that was there when they were placed", [node("a", 50), node("b", 50)]],
      ["that is down", [node("a", 50), node("b", 900, { Status: "down" })]],
      ["that takes none", [node("a", 50), node("b", 900, { SchedulingEligibility: "ineligible" })]],
    ])("stays as it is without a worker but one %s", (_what, nodes) => {
      given(nodes, together);
      expect(run(["placement.sh"])).toEqual(nothing);
      expect(stopped()).toEqual([]);
    });

    it.each([
      [
        "has no place but where something is to end",
        () => [...together, instance("0", "b", 900, { DesiredStatus: "stop" })],
      ],
      ["has no place but where something was lost a moment ago", () => [...together, instance("0", "b", 50, lost)]],
      ["is one instance", () => [instance("1", "a", 900)]],
      ["has one fewer there", () => [...together, instance("4", "b", 800), instance("5", "b", 800)]],
      ["is changing its version", () => [...together, instance("4", "a", 800, { JobVersion: 8 })]],
      ["has one that does not run yet", () => [...together, instance("4", "a", 800, { ClientStatus: "pending" })]],
      ["got one a moment ago", () => [...together, instance("4", "a", 30)]],
    ])("stays as it is when it %s", (_what, allocations) => {
      given(nodes, allocations());
      expect(run(["placement.sh"])).toEqual(nothing);
      expect(stopped()).toEqual([]);
    });

    it("stays as it is when it does not ask to be spread over nodes", () => {
      given(nodes, together);
      spreadOver("${node.datacenter}");
      expect(run(["placement.sh"])).toEqual(nothing);
      expect(stopped()).toEqual([]);
    });
  });

  describe("of a system job that could not be set up on a worker", () => {
    const onWorker = (ID: string, NodeID: string, secondsPlaced: number, ClientStatus: string) =>
      allocation(ID, NodeID, secondsPlaced, {
        ...{ Namespace: "edge", JobID: "proxy", JobType: "system", TaskGroup: "proxy", ClientStatus },
      });
    const evaluated = () => asked(/\/v1\/job\/(\S+)\/evaluate\?(\S+)/g);

    it("is done again", () => {
      given(nodes, [onWorker("1", "a", 900, "running"), onWorker("2", "b", 100, "failed")]);
      expect(run(["placement.sh"])).toEqual({ code: 0, said: "proxy failed on worker-b: it is placed again" });
      expect(evaluated()).toEqual([["proxy", "namespace=edge"]]);
    });

    it.each([
      ["it runs there by now", nodes, [onWorker("1", "a", 900, "failed"), onWorker("2", "a", 100, "running")]],
      ["the worker has gone", [node("a", 50, { Status: "down" })], [onWorker("1", "a", 900, "failed")]],
    ])("stays as it is when %s", (_what, nodes, allocations) => {
      given(nodes, allocations);
      expect(run(["placement.sh"])).toEqual(nothing);
      expect(evaluated()).toEqual([]);
    });
  });
});

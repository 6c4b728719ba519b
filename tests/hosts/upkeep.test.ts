import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { folderWith } from "./programs";

/** What a leader's agent and AWS answer is in files; what they are asked is written down. */
const LEADER = `
leads() { [[ $LEADS == *"$1"* ]]; }
ask() {
  echo "$*" >>asked-of-agent
  if [[ $* == *--output* ]]; then echo "state of $1" >"\${@: -1}"; else cat "answers/\${2##*/}"; fi
}
`;
const AWS = `
credentials() { :; }
ask_aws() {
  echo "$*" >>asked
  case "$*" in
    *--upload-file*) [[ ! -e refuses ]] ;;
    *list-type*) cat answers/list ;;
    *DescribeInstances*) cp answers/instances "$work/answer" ;;
  esac
}
`;

let folder: string;
beforeEach(() => {
  const step = (name: string) =>
    fs
      .readFileSync(path.join("hosts/steps", name), "utf8")
      .replaceAll("/var/lib/cluster", ".")
      .replaceAll("/run", "./run");
  folder = folderWith({
    "backup.sh": step("backup.sh"),
    "lost-workers.sh": step("lost-workers.sh"),
    "placement.sh": step("placement.sh"),
    "lib.sh": step("lib.sh"),
    ...{ "leader.sh": LEADER, "aws.sh": AWS },
    "bin/consul": '#!/bin/sh\ngrep -q "^state" "$3"\n',
    "bin/nomad": '#!/bin/sh\ngrep -q "^state" "$4"\n',
    ...{ "answers/list": "<ListBucketResult/>", "run/cluster/there": "" },
  });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const read = (file: string): string =>
  fs.existsSync(path.join(folder, file)) ? fs.readFileSync(path.join(folder, file), "utf8") : "";
const write = (file: string, text: string): void => fs.writeFileSync(path.join(folder, file), text);

function run(words: readonly string[], env: Record<string, string> = {}): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("bash", ["-Eeuo", "pipefail", ...words], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...{ PATH: `${folder}/bin:${process.env.PATH}`, TZ: "UTC", LEADS: "consul nomad" },
      ...{ BACKUP_BUCKET: "backups", BACKUP_MINUTES: "60", REGION: "eu-west-1", ...env },
    },
  });
  return { code: status, said: `${stdout}${stderr}`.trim() };
}

describe("a backup", () => {
  const uploads = () => read("asked").match(/--upload-file/g) ?? [];
  const keyAt = (minutesAgo: number): string => {
    const at = new Date(Date.now() - minutesAgo * 60_000).toISOString();
    return `<Key>consul/${at.slice(0, 19).replaceAll(/:/g, "")}Z.snap</Key>`;
  };
  const noted = (program: string) =>
    Math.round((Date.now() / 1_000 - Number(read(`run/cluster/backup-${program}`))) / 60);

  it("is nobody's business who doesn't lead", () => {
    expect(run(["backup.sh", "consul"], { LEADS: "nomad" })).toEqual({ code: 0, said: "" });
    expect([read("asked"), read("run/cluster/backup-consul")]).toEqual(["", ""]);
  });

  it.each(["consul", "nomad"])("of %s is saved when there is none, by its time and with its hash", (program) => {
    const { code, said } = run(["backup.sh", program]);
    expect([code, said]).toEqual([0, expect.stringMatching(new RegExp(`^saved ${program}/\\S+Z\\.snap, \\d+ bytes$`))]);
    const [list, put] = read("asked").trim().split("\n");
    expect(list).toMatch(
      new RegExp(`^s3/backups\\?list-type=2&prefix=${program}%2F&start-after=${program}%2F\\d{4}-\\d\\d-\\d\\d `),
    );
    expect(put).toMatch(
      new RegExp(
        `^s3/backups/${program}/\\d{4}-\\d\\d-\\d\\dT\\d{6}Z\\.snap .*x-amz-content-sha256: [0-9a-f]{64} .*--upload-file `,
      ),
    );
    expect(noted(program)).toBe(0);
    expect(fs.readdirSync(folder).filter((name) => name.startsWith("tmp."))).toEqual([]);
  });

  it("is not saved while the newest is young, whose time is noted", () => {
    write("answers/list", keyAt(200) + keyAt(40));
    expect(run(["backup.sh", "consul"])).toEqual({ code: 0, said: "" });
    expect([uploads(), noted("consul")]).toEqual([[], 40]);
  });

  it("is saved when the newest is as old as it may be", () => {
    write("answers/list", keyAt(120) + keyAt(60));
    expect(run(["backup.sh", "consul"]).code).toBe(0);
    expect([uploads().length, noted("consul")]).toEqual([1, 0]);
  });

  it("that the bucket doesn't take fails, and its age goes on growing", () => {
    write("refuses", "");
    write("run/cluster/backup-consul", "1700000000\n");
    const { code, said } = run(["backup.sh", "consul"]);
    expect([code, said]).toEqual([1, expect.stringMatching(/^the bucket backups did not take consul\/\S+\.snap$/)]);
    expect(read("run/cluster/backup-consul")).toBe("1700000000\n");
  });

  it("that cannot be read is not sent", () => {
    write("bin/consul", "#!/bin/sh\nexit 1\n");
    expect(run(["backup.sh", "consul"])).toEqual({ code: 1, said: "the snapshot of consul cannot be read" });
    expect(uploads()).toEqual([]);
  });
});

describe("workers that Nomad has not heard of", () => {
  const node = (name: string, Status: string) => ({ ID: `id-${name}`, Name: `worker-${name}`, Status });
  /** What Nomad knows, since when it knows that a node is down, and which instances EC2 runs. */
  function given(nodes: readonly object[], secondsDown: number, running: readonly string[]): void {
    write("answers/nodes", JSON.stringify(nodes).replaceAll(", ", ","));
    for (const { ID } of nodes as { ID: string }[]) {
      const StatusUpdatedAt = Math.floor(Date.now() / 1_000) - secondsDown;
      write(`answers/${ID}`, JSON.stringify({ StatusUpdatedAt }));
    }
    write("answers/instances", running.map((id) => `<instanceId>${id}</instanceId>\n`).join(""));
  }
  const reported = () =>
    [...read("asked").matchAll(/SetInstanceHealth&\S*InstanceId=([^&]+)&HealthStatus=Unhealthy/g)].map(([, id]) => id);
  const three = [node("i-1", "down"), node("i-2", "ready"), node("i-3", "ready")];

  it("are reported once they have been silent for five minutes, if EC2 runs them", () => {
    given(three, 301, ["i-1"]);
    expect(run(["lost-workers.sh"])).toEqual({
      code: 0,
      said: expect.stringMatching(/^i-1 has been silent for 30[1-3] s: its group replaces it$/),
    });
    expect(read("asked")).toContain("Filter.1.Value.1=i-1&Filter.2.Name=instance-state-name&Filter.2.Value.1=running");
    expect(reported()).toEqual(["i-1"]);
  });

  it.each([
    ["have been silent for less", three, 290, ["i-1"]],
    ["have ended", three, 4_000, []],
    ["are there again", [node("i-1", "ready")], 4_000, ["i-1"]],
  ])("are left alone when they %s", (_what, nodes, seconds, running) => {
    given(nodes, seconds, running);
    expect(run(["lost-workers.sh"])).toEqual({ code: 0, said: "" });
    expect(reported()).toEqual([]);
  });

  it("are left alone when they are many: it is the network then", () => {
    given([node("i-1", "down"), node("i-2", "down"), node("i-3", "ready")], 4_000, ["i-1", "i-2"]);
    expect(run(["lost-workers.sh"])).toEqual({
      code: 1,
      said: "of all workers 2 are down and 1 ready: that is no reason to replace them",
    });
    expect(reported()).toEqual([]);
  });

  it("are asked for by 200, as many as a filter of EC2 takes", () => {
    const ended = Array.from({ length: 401 }, (_, number) => node(`i-${number}`, "down"));
    given(ended, 4_000, []);
    expect(run(["lost-workers.sh"])).toEqual({ code: 0, said: "" });
    const asked = read("asked").match(/^ec2 .*DescribeInstances\S+/gm)!;
    const values = asked.map((each) => each.match(/Filter\.1\.Value\.\d+=i-\d+/g)!);
    expect(values.map((each) => [each.length, each[0], each.at(-1)])).toEqual([
      [200, "Filter.1.Value.1=i-0", "Filter.1.Value.200=i-199"],
      [200, "Filter.1.Value.1=i-200", "Filter.1.Value.200=i-399"],
      [1, "Filter.1.Value.1=i-400", "Filter.1.Value.1=i-400"],
    ]);
  });

  it("are looked for by the leader alone", () => {
    given(three, 4_000, ["i-1"]);
    expect(run(["lost-workers.sh"], { LEADS: "consul" })).toEqual({ code: 0, said: "" });
    expect(read("asked")).toBe("");
  });
});

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

import { files, haveLeader, read, run, write } from "./leader";

haveLeader();

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
    expect(files().filter((name) => name.startsWith("tmp."))).toEqual([]);
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

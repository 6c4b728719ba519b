import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasPendingOperations, Journal, releaseStaleLock, repairState, settle } from "./engine-recovery";

const urn = (name: string) => `urn:pulumi:local::cluster::cluster:index:Network$aws:ec2/vpc:Vpc::${name}`;
let folder: string;
beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), "recovery-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("the journal knows the newest id of each resource, up to a line that was cut off", () => {
  const journal = new Journal(path.join(folder, "journal"));
  expect(journal.read().size).toBe(0);
  journal.note("a", "1");
  journal.note("b", "2");
  journal.note("a", "3");
  writeFileSync(path.join(folder, "journal"), '{"urn":"c","i', { flag: "a" });
  expect([...journal.read()]).toEqual([
    ["a", "3"],
    ["b", "2"],
  ]);
  journal.clear();
  expect(journal.read().size).toBe(0);
});

test.each([
  ["has no state yet", undefined, false],
  ["is empty", { version: 3, checkpoint: { stack: "organization/cluster/local" } }, false],
  ["a run has ended", { version: 3, checkpoint: { latest: { resources: [], pending_operations: [] } } }, false],
  ["a run died over", { version: 3, checkpoint: { latest: { pending_operations: [{ type: "updating" }] } } }, true],
])("a stack that %s has something to settle or not", (_what, state, expected) => {
  const stacks = path.join(folder, ".pulumi/stacks/cluster");
  mkdirSync(stacks, { recursive: true });
  if (state !== undefined) writeFileSync(path.join(stacks, "local.json"), JSON.stringify(state));
  expect(hasPendingOperations(folder, "cluster", "local")).toBe(expected);
});

test("what a dead run was creating is taken into the state as half made", () => {
  const deployment = {
    resources: [{ urn: urn("one"), id: "vpc-1" }],
    pending_operations: [{ type: "creating", resource: { urn: urn("two"), inputs: { cidrBlock: "10.0.0.0/16" } } }],
  };
  expect(settle(deployment, new Map([[urn("two"), "vpc-2"]]))).toEqual([
    "an earlier run died while creating aws:ec2/vpc:Vpc two: vpc-2 is taken into the state",
  ]);
  expect(deployment).toEqual({
    resources: [
      { urn: urn("one"), id: "vpc-1" },
      {
        urn: urn("two"),
        id: "vpc-2",
        inputs: { cidrBlock: "10.0.0.0/16" },
        outputs: { cidrBlock: "10.0.0.0/16" },
        initErrors: ["the run that created it died"],
      },
    ],
    pending_operations: [],
  });
});

test("a replacement that was half made goes, because the one that it was to replace is still there", () => {
  const deployment = {
    resources: [{ urn: urn("one"), id: "vpc-1" }],
    pending_operations: [{ type: "creating", resource: { urn: urn("one") } }],
  };
  settle(deployment, new Map([[urn("one"), "vpc-2"]]));
  expect(deployment.resources[1]).toMatchObject({ id: "vpc-2", delete: true });
});

test("other operations are simply done again, and what may exist unknown is said", () => {
  const deployment = {
    resources: [],
    pending_operations: [
      { type: "deleting", resource: { urn: urn("one"), id: "vpc-1" } },
      { type: "creating", resource: { urn: urn("two") } },
    ],
  };
  expect(settle(deployment, new Map())).toEqual([
    "an earlier run died while deleting aws:ec2/vpc:Vpc one",
    "an earlier run died while creating aws:ec2/vpc:Vpc two; should it exist already, `destroy --force` starts over",
  ]);
  expect(deployment).toEqual({ resources: [], pending_operations: [] });
});

describe("a state that a dead run was writing", () => {
  const said: string[] = [];
  const stacks = () => path.join(folder, ".pulumi", "stacks", "cluster");
  const repair = () => repairState(folder, "cluster", "local", (line) => said.push(line));
  const write = (name: string, text: string) => writeFileSync(path.join(stacks(), name), text);
  beforeEach(() => mkdirSync(stacks(), { recursive: true }));

  test("is the one before when it is damaged", () => {
    write("local.json", '{"half":');
    write("local.json.bak", '{"whole":1}');
    write("local.json.attrs", "");
    repair();
    expect(readFileSync(path.join(stacks(), "local.json"), "utf8")).toBe('{"whole":1}');
    expect(() => readFileSync(path.join(stacks(), "local.json.attrs"))).toThrow("ENOENT");
    expect(said).toEqual(["an earlier run died while it wrote the state: going back to the one before"]);
  });

  test("is an error with a remedy when nothing whole is there", () => {
    write("local.json", "");
    expect(repair).toThrow("`npm run local -- destroy --force --stack local` removes the stack without it");
  });
});

describe("the lock of an earlier run", () => {
  const children: ChildProcess[] = [];
  afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));

  const nameOf = (pid: number) => readFileSync(`/proc/${pid}/comm`, "utf8").trim();

  /** What passes for an engine, until `end`; whoever started it never looks after it. */
  async function engine(): Promise<{ readonly pid: number; readonly end: () => void }> {
    const program = path.join(folder, "pulumi");
    copyFileSync("/bin/cat", program);
    // A shell gives what it starts in the background nothing to read.
    const script = `exec 3<&0; "$0" <&3 & echo $!; exec sleep 60`;
    const child = spawn("sh", ["-c", script, program], { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    const pid = await new Promise<number>((resolve) => child.stdout.once("data", (line) => resolve(Number(line))));
    // Until then both are shells, and a shell does look after its children.
    while (nameOf(pid) !== "pulumi" || nameOf(child.pid!) !== "sleep") await sleep(10);
    return { pid, end: () => child.stdin.end() };
  }

  /** What is logged, and whether the engine was asked to let go of it. */
  async function release(pid: number): Promise<{ readonly lines: string[]; readonly cancelled: number }> {
    const locks = path.join(folder, ".pulumi/locks/organization/cluster/local");
    mkdirSync(locks, { recursive: true });
    writeFileSync(path.join(locks, "a.json"), JSON.stringify({ pid }));
    const lines: string[] = [];
    const cancel = jest.fn(async () => undefined);
    await releaseStaleLock({ name: "local", cancel }, folder, (line) => lines.push(line));
    return { lines, cancelled: cancel.mock.calls.length };
  }

  test("is taken away when nobody of its id runs", async () => {
    const pid = 2 ** 22 + 1; // Linux has none above 2 ** 22.
    const lines = [`an earlier run died (process ${pid}): taking its lock away`];
    expect(await release(pid)).toEqual({ lines, cancelled: 1 });
  });

  test("is taken away when its id is another program's", async () => {
    expect((await release(process.pid)).cancelled).toBe(1);
  });

  test("is taken away when the run has ended, and its parent has not looked yet", async () => {
    const { pid, end } = await engine();
    end();
    expect((await release(pid)).cancelled).toBe(1);
    expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/^\d+ \(pulumi\) Z /);
  });

  test("is waited for while the run is dying", async () => {
    const { pid, end } = await engine();
    setTimeout(end, 300);
    expect((await release(pid)).cancelled).toBe(1);
  });

  test("is an error when the run lives", async () => {
    const { pid, end } = await engine();
    try {
      await expect(release(pid)).rejects.toThrow(`the stack local is being worked on by another run (process ${pid})`);
    } finally {
      end();
    }
  }, 15_000);
});

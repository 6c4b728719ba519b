import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { folderWith } from "./programs";

/** A journal that is a file of entries, whose cursors are their numbers. */
const JOURNALCTL = `#!/usr/bin/python3
import os, sys
after = next((int(each.split("=")[1]) for each in sys.argv if each.startswith("--after-cursor=")), -1)
if "--sync" in sys.argv:
    os.replace("late", "journal") if os.path.exists("late") else None
elif os.path.exists("journal"):
    sys.stdout.writelines(open("journal").readlines()[after + 1:])
`;

/** A CloudWatch Logs that writes down what it is asked, and answers as the file \`answer\` says. */
const AWS = `
credentials() { echo renewed >>credentials; }
ask_aws() {
  [[ $* =~ Logs_20140328\\.([A-Za-z]+) ]]
  action=\${BASH_REMATCH[1]}
  cat >body
  echo "$action $(cat body)" >>requests
  . ./answer
}
`;

interface Entry {
  readonly [field: string]: unknown;
}
interface Put {
  readonly group: string;
  readonly stream: string;
  readonly events: readonly { readonly timestamp: number; readonly message: string }[];
}

const NOON = Date.UTC(2026, 10, 23, 12);
const agent = (unit: string, MESSAGE: unknown, more: Entry = {}): Entry => ({ _SYSTEMD_UNIT: unit, MESSAGE, ...more });
const task = (job: string, MESSAGE: unknown): Entry => ({
  ...{ _SYSTEMD_UNIT: "docker.service", MESSAGE, COM_HASHICORP_NOMAD_JOB_NAME: job },
  ...{ COM_HASHICORP_NOMAD_TASK_NAME: "web", COM_HASHICORP_NOMAD_ALLOC_ID: "3f2c" },
});
const consul = (...messages: string[]) => messages.map((message) => agent("consul.service", message));

describe("what a host sends of its journal", () => {
  let folder: string;
  let running: ChildProcess | undefined;
  let said: string;

  beforeEach(() => {
    const script = fs.readFileSync("hosts/steps/ship-logs.py", "utf8");
    folder = folderWith({
      "ship-logs.py": script.replaceAll("/etc/cluster/identity.env", "identity.env"),
      "identity.env": "INSTANCE_ID=i-1\nNODE_NAME=worker-i-1\n",
      "aws.sh": AWS,
      "bin/journalctl": JOURNALCTL,
      answer: "",
    });
  });
  afterEach(async () => {
    await stop();
    fs.rmSync(folder, { recursive: true });
  });

  const file = (name: string): string => path.join(folder, name);
  const read = (name: string): string => (fs.existsSync(file(name)) ? fs.readFileSync(file(name), "utf8") : "");

  /** Adds entries, a second apart if they don't say when they were made, to the journal or to what only `--sync` brings into it. */
  function write(entries: readonly Entry[], journal = "journal"): void {
    const before = journal === "journal" ? read("journal") : `${read("journal")}${read(journal)}`;
    const start = before.split("\n").length - 1;
    const lines = entries.map((entry, index) =>
      JSON.stringify({
        __CURSOR: String(start + index),
        __REALTIME_TIMESTAMP: String((NOON + (start + index) * 1000) * 1000),
        ...entry,
      }),
    );
    fs.writeFileSync(file(journal), `${before}${lines.join("\n")}\n`);
  }

  function start(): void {
    said = "";
    running = spawn("/usr/bin/python3", ["ship-logs.py"], {
      cwd: folder,
      env: {
        ...{
          PATH: `${file("bin")}:${process.env.PATH}`,
          STATE_DIRECTORY: folder,
          LOG_GROUPS: "/blue",
          REGION: "eu-west-1",
        },
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [running.stdout!, running.stderr!]) stream.on("data", (data) => (said += String(data)));
  }

  async function until(what: string, holds: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 20_000; !holds();) {
      if (Date.now() > deadline) throw new Error(`${what}: not within 20 s; ${said}${read("requests").slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Asks it to end, as systemd does, and waits for that. */
  async function stop(): Promise<number | null | undefined> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null) return child?.exitCode;
    child.kill("SIGTERM");
    return new Promise((resolve) => child.once("exit", resolve));
  }

  const requests = (): string[] => read("requests").split("\n").slice(0, -1);
  const actions = (): string[] => requests().map((line) => line.split(" ")[0]!);
  function puts(): Put[] {
    return requests()
      .filter((line) => line.startsWith("PutLogEvents "))
      .map((line) => JSON.parse(line.slice("PutLogEvents ".length)))
      .map(({ logGroupName, logStreamName, logEvents }) => ({
        ...{ group: logGroupName, stream: logStreamName, events: logEvents },
      }));
  }
  const messages = (): string[] => puts().flatMap(({ events }) => events.map(({ message }) => message));

  /** Runs it once over what there is. */
  async function ship(): Promise<Put[]> {
    start();
    await until("the first round", () => read("cursor") !== "");
    expect(await stop()).toBe(0);
    return puts();
  }

  it("is what tasks say, by job, task and allocation, and what agents say, by host and unit; nothing else", async () => {
    write([
      task("frontend", "a request"),
      ...consul("joined"),
      agent("init.scope", "Started consul.service", { UNIT: "consul.service" }),
      agent("init.scope", "Started ssh.service", { UNIT: "ssh.service" }),
      agent("ssh.service", "Accepted password"),
      agent("cluster-leave.service", "leaving"),
      { SYSLOG_IDENTIFIER: "cluster-boot", MESSAGE: "step=identity" },
      agent("docker.service", "its own"),
    ]);
    expect(
      (await ship()).map(({ group, stream, events }) => [group, stream, ...events.map((each) => each.message)]),
    ).toEqual([
      ["/blue/jobs", "frontend/web/3f2c", "a request"],
      ["/blue/agents", "worker-i-1/consul", "joined", "Started consul.service"],
      ["/blue/agents", "worker-i-1/cluster-leave", "leaving"],
      ["/blue/agents", "worker-i-1/cluster-boot", "step=identity"],
      ["/blue/agents", "worker-i-1/docker", "its own"],
    ]);
  });

  it("says when it was written, in the order of time, whatever the clock did", async () => {
    write([
      ...consul("first"),
      agent("consul.service", "from before", { __REALTIME_TIMESTAMP: String((NOON - 60_000) * 1000 + 999) }),
    ]);
    expect((await ship())[0]!.events).toEqual([
      { timestamp: NOON - 60_000, message: "from before" },
      { timestamp: NOON, message: "first" },
    ]);
  });

  it("takes lines as they come: bytes that are no text, blank lines, and no more of a line than CloudWatch takes", async () => {
    const long = "é".repeat(200_000);
    write([
      agent("consul.service", [...Buffer.from("  caf\xe9 au lait", "latin1")]),
      agent("consul.service", "  "),
      agent("consul.service", null),
      agent("consul.service", long),
    ]);
    await ship();
    expect(messages()).toEqual(["  caf au lait", "é".repeat((262_144 - 26) / 2)]);
  });

  it("comes in batches that CloudWatch takes, with every line in its place", async () => {
    const lines = Array.from({ length: 15_000 }, (_, index) => `${index} ${"x".repeat(1 + (index % 200))}`);
    write(
      lines.map((line, index) =>
        agent("consul.service", line, { __REALTIME_TIMESTAMP: String((NOON + index) * 1000) }),
      ),
    );
    const batches = await ship();
    expect(batches.length).toBeGreaterThan(1);
    for (const { events } of batches) {
      expect(events.length).toBeLessThanOrEqual(10_000);
      const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + 26, 0);
      expect(bytes).toBeLessThanOrEqual(1_048_576);
    }
    expect(messages()).toEqual(lines);
  });

  it("goes on, after a restart, with what came meanwhile", async () => {
    write(consul("one", "two"));
    await ship();
    write(consul("three"));
    start();
    await until("the new line", () => messages().length === 3);
    await stop();
    expect(messages()).toEqual(["one", "two", "three"]);
  });

  it("is all that was said before it was asked to stop, also what the journal had not written down yet", async () => {
    write(consul("one"));
    start();
    await until("the first round", () => read("cursor") !== "");
    write(consul("last words"), "late");
    expect(await stop()).toBe(0);
    expect(messages()).toEqual(["one", "last words"]);
  });

  it("goes to a stream that is made when it is not there", async () => {
    const answer =
      "if [[ $action == CreateLogStream ]]; then touch made; elif [[ ! -e made ]]; then echo ResourceNotFoundException; exit 22; fi\n";
    fs.writeFileSync(file("answer"), answer);
    write(consul("hello"));
    await ship();
    expect(actions()).toEqual(["PutLogEvents", "CreateLogStream", "PutLogEvents"]);
    expect(requests()[1]).toBe(
      'CreateLogStream {"logGroupName": "/blue/agents", "logStreamName": "worker-i-1/consul"}',
    );
  });

  it("is tried again, ever more seldom and with new credentials, until CloudWatch takes it; nothing moves on before", async () => {
    fs.writeFileSync(file("answer"), 'if [[ $(wc -l <requests) -le 2 ]]; then echo "503 busy"; exit 22; fi\n');
    write(consul("hello"));
    start();
    await until("the second attempt", () => requests().length === 2);
    expect(read("cursor")).toBe("");
    await until("the third", () => read("cursor") === "0");
    await stop();
    expect(actions()).toEqual(["PutLogEvents", "PutLogEvents", "PutLogEvents"]);
    expect(read("credentials")).toBe("renewed\n".repeat(3));
    expect(said).toBe("worker-i-1/consul 503 busy\n".repeat(2).replaceAll("503 busy\n", "503 busy\n\n"));
  });

  it("loses to a line that CloudWatch refuses for ever that line alone", async () => {
    fs.writeFileSync(file("answer"), "if grep -q evil body; then echo InvalidParameterException; exit 22; fi\n");
    write(consul("one", "two", "evil", "four", "five"));
    await ship();
    const taken = puts().filter(({ events }) => !events.some(({ message }) => message === "evil"));
    expect(taken.flatMap(({ events }) => events.map(({ message }) => message))).toEqual(["one", "two", "four", "five"]);
    expect(said).toContain("worker-i-1/consul InvalidParameterException");
    expect(said.match(/InvalidParameter/g)).toHaveLength(1);
  });
});

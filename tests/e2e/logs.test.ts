import { CLUSTER, documents, type Host, hosts, operator, readyWorkers, setDesired } from "./cluster-view";
import { type LogEvent, logEvents } from "./log-events";
import { secretsIn } from "./secrets";
import { eventually, onHost, STACK, succeed } from "./support";

/** Lines of a log group that hold a text, in the order of time. */
const lines = (group: "agents" | "jobs", text?: string): Promise<LogEvent[]> =>
  logEvents(group, text === undefined ? {} : { filterPattern: JSON.stringify(text) });

const nodeName = ({ role, id, name }: Host): string =>
  role === "server" ? name.replace(`${CLUSTER}-`, "") : `worker-${id}`;

/** What a line of a request is about, whoever wrote it. */
const about = ({ logStreamName, message }: LogEvent): string =>
  `${logStreamName.split("/")[0]} ${JSON.parse(message).msg}`;

/** A worker that an earlier suite has let go. */
async function hasLeft(): Promise<string | undefined> {
  const { nomad } = await operator();
  const nodes = await nomad.get<{ Name: string; Status: string; LastDrain?: { Status: string } }[]>("/v1/nodes");
  return nodes.find(({ Status, LastDrain }) => Status === "down" && LastDrain?.Status === "complete")?.Name;
}

/** Has a worker come and another one go. */
async function leave(): Promise<string> {
  const { nomad } = await operator();
  const before = await hosts("worker");
  await setDesired(before.length + 1);
  const workers = await eventually("another worker", 120, async () => {
    expect(await readyWorkers(nomad)).toHaveLength(before.length + 1);
    return hosts("worker");
  });
  await setDesired(before.length);
  return eventually("a worker to leave", 240, async () => {
    const left = (await hosts("worker")).map(({ id }) => id);
    expect(left).toHaveLength(before.length);
    return `worker-${workers.find(({ id }) => !left.includes(id))!.id}`;
  });
}

describe("the logs", () => {
  it("show a request's way through Traefik, frontend and backend under the id that its page shows", async () => {
    const { url } = await operator();
    const cookie = `session=${"c00c1e".repeat(4)}`;
    const response = await fetch(url, { headers: { cookie, authorization: `Bearer ${cookie}` } });
    const id = response.headers.get("x-request-id")!;
    expect(await response.text()).toContain(`<dd id="request-id">${id}</dd>`);

    const found = await eventually("all lines of the request", 30, async () => {
      const all = await lines("jobs", id);
      expect(all.map(about).sort()).toEqual(["backend request completed", "frontend request completed", "traefik "]);
      return all;
    });
    // The load balancer's own name for it, from whose log one may have come.
    const edge = JSON.parse(found.find(({ logStreamName }) => logStreamName.startsWith("traefik/"))!.message);
    const trace = edge["request_X-Amzn-Trace-Id"] as string;
    expect(trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    for (const { message } of found) expect(message).toContain(trace);
    expect(
      Object.keys(edge)
        .filter((name) => /^(request|origin|downstream)_/.test(name))
        .sort(),
    ).toEqual([...["downstream_X-Request-Id", "origin_X-Request-Id", "request_X-Amzn-Trace-Id"]]);
    expect(await lines("jobs", "c00c1e")).toEqual([]);
  });

  it("name a request as its visitor does, and keep the root of a trace that began before the load balancer", async () => {
    const { url } = await operator();
    const root = "Root=1-67891233-abcdef012345678912345678";
    const id = `e2e-${Date.now()}`;
    await fetch(url, { headers: { "x-request-id": id, "x-amzn-trace-id": root } });
    await eventually("all lines of the request", 30, async () => {
      const found = await lines("jobs", id);
      expect(found).toHaveLength(3);
      for (const { message } of found) expect(message).toMatch(new RegExp(`Self=1-[0-9a-f]{8}-[0-9a-f]{24};${root}"`));
    });
  });

  it("are the host's own journal, which nomad alloc logs reads too", async () => {
    const { url } = await operator();
    const id = `e2e-${Date.now()}`;
    await fetch(url, { headers: { "x-request-id": id } });
    const { logStreamName, message } = await eventually("Traefik's line", 30, async () => {
      const [line] = (await lines("jobs", id)).filter((each) => each.logStreamName.startsWith("traefik/"));
      expect(line).toBeDefined();
      return line!;
    });
    const allocation = logStreamName.split("/")[2]!;
    const nomad = await succeed("node", ["cli.mjs", "--stack", STACK, "nomad", "alloc", "logs", allocation]);
    expect(nomad.split("\n")).toContain(message);
    const journals = await Promise.all(
      (await hosts("worker")).map(({ container }) =>
        onHost(container, `journalctl --quiet --output cat --identifier traefik-${allocation} --grep ${id} || true`),
      ),
    );
    expect(journals.map((said) => said.trim()).filter(Boolean)).toEqual([message]);
  });

  it("hold what the agents of every host say, and its boot", async () => {
    const all = [...(await hosts("server")), ...(await hosts("worker"))];
    expect(all).toHaveLength(5);
    await eventually("lines of every host", 30, async () => {
      const streams = new Set((await lines("agents")).map(({ logStreamName }) => logStreamName));
      for (const host of all) {
        const units = ["consul", "nomad", "cluster-boot", ...(host.role === "worker" ? ["docker"] : [])];
        expect([...streams]).toEqual(expect.arrayContaining(units.map((unit) => `${nodeName(host)}/${unit}`)));
      }
    });
    const booted = (await lines("agents", "step=boot state=done")).map(({ logStreamName }) => logStreamName);
    expect(booted).toEqual(expect.arrayContaining(all.map((host) => `${nodeName(host)}/cluster-boot`)));
  });

  it("come once each and in order, whatever happens to what sends them", async () => {
    const [worker] = await hosts("worker");
    const mark = `mark-${Date.now()}`;
    const say = (from: number, to: number) =>
      `for i in $(seq ${from} ${to}); do logger --tag cluster-boot "${mark} $i"; done`;
    await onHost(
      worker!.container,
      `${say(1, 100)}; systemctl restart cluster-logs; ${say(101, 200)}; systemctl stop cluster-logs; ${say(201, 300)}; ` +
        `systemctl start cluster-logs; ${say(301, 400)}`,
    );
    await eventually("all lines", 40, async () => {
      const found = await lines("agents", mark);
      expect(found.map(({ message }) => message)).toEqual(
        Array.from({ length: 400 }, (_, index) => `${mark} ${index + 1}`),
      );
    });
  });

  it("cannot be read, changed or made anywhere else by the hosts that write them", async () => {
    const [worker] = await hosts("worker");
    const ask = (action: string, body: string) =>
      onHost(
        worker!.container,
        `cd /opt/cluster/boot; export REGION=eu-west-1 work=$(mktemp -d); . ./aws.sh; credentials; ask_aws logs ` +
          `-H 'X-Amz-Target: Logs_20140328.${action}' -H 'Content-Type: application/x-amz-json-1.1' --data '${body}'`,
      );
    const group = `"logGroupName": "/${CLUSTER}/agents", "logStreamName": "server-1/nomad"`;
    const elsewhere = `"logGroupName": "/aws/other", "logStreamName": "one"`;
    for (const [action, body] of [
      ["GetLogEvents", `{${group}}`],
      ["FilterLogEvents", `{"logGroupName": "/${CLUSTER}/agents"}`],
      ["DeleteLogStream", `{${group}}`],
      ["CreateLogGroup", `{"logGroupName": "/aws/other"}`],
      ["CreateLogStream", `{${elsewhere}}`],
    ] as const)
      expect([action, await ask(action, body)]).toEqual([action, expect.stringContaining("AccessDeniedException")]);
  });

  it("hold no secret of the stack", async () => {
    const secrets = [...new Set(secretsIn(await documents()))];
    expect(secrets).toHaveLength(6 + 2 + 2);
    for (const group of ["agents", "jobs"] as const) {
      const all = (await lines(group)).map(({ message }) => message).join("\n");
      expect(all.length).toBeGreaterThan(1000);
      expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    }
  });

  it("have the last words of a worker that has left", async () => {
    const gone = (await hasLeft()) ?? (await leave());
    const last = (await lines("agents")).filter(({ logStreamName }) => logStreamName.startsWith(`${gone}/`));
    const said = (unit: string) =>
      last.filter(({ logStreamName }) => logStreamName.endsWith(`/${unit}`)).at(-1)!.message;
    // Said by a process that ends at once, it is of no unit when the journal is too late to ask for it.
    expect(last.some(({ message }) => message.includes('step=leave state=start detail="has left"'))).toBe(true);
    expect(said("nomad")).toContain("Stopped nomad.service");
    expect(said("consul")).toContain("Stopped consul.service");
  });
});

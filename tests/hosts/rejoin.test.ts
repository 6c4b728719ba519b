import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";

import { folderWith } from "./programs";

type Given = readonly [status: number, text: string];
/** By request; of several answers each is given once, and the last one again and again. */
type Answers = Readonly<Record<string, Given | readonly Given[]>>;

/** Runs the step beside an agent that answers so, until it has asked for `requests` things in all; gives them in their order. */
async function watch(answers: Answers, requests: number) {
  const asked: string[] = [];
  const left = Object.fromEntries(
    Object.entries(answers).map(([what, given]) => [what, [...(isOne(given) ? [given] : given)]]),
  );
  let enough: () => void;
  const done = new Promise<void>((resolve) => (enough = resolve));
  const agent = http.createServer(({ method, url, headers }, response) => {
    const what = `${method} ${url}`;
    asked.push([what, headers["x-consul-token"]].filter((word) => word !== undefined).join(" as "));
    const those = left[what] ?? [[404, ""]];
    const [status, text] = those.length > 1 ? those.shift()! : those[0]!;
    response.writeHead(status).end(text);
    if (asked.length === requests) enough();
  });
  await new Promise<void>((resolve) => agent.listen(0, "127.0.0.1", resolve));
  const { port } = agent.address() as AddressInfo;
  const step = fs
    .readFileSync("hosts/steps/rejoin.sh", "utf8")
    .replaceAll(":8500", `:${port}`)
    .replace("https://127.0.0.1:4646/v1", `http://127.0.0.1:${port}/nomad`)
    .replace("8301", `${port}`)
    .replace("/etc/consul.d", ".")
    .replace("sleep 2", "sleep 0.05");
  const folder = folderWith({
    "rejoin.sh": step,
    "lib.sh": fs.readFileSync("hosts/steps/lib.sh", "utf8"),
    "nomad-api.sh": 'api() { curl --silent "$@"; }',
    "secrets.json": JSON.stringify({ acl: { tokens: { agent: "of-the-agent", default: "of-dns" } } }),
  });
  const running = spawn("bash", ["-Eeuo", "pipefail", "rejoin.sh"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  running.stdout.on("data", (text) => (said += text));
  running.stderr.on("data", (text) => (said += text));
  const ended = new Promise((resolve) => running.on("close", resolve));
  try {
    await Promise.race([done, ended]);
  } finally {
    running.kill();
    await ended;
    agent.closeAllConnections();
    await new Promise((resolve) => agent.close(resolve));
    fs.rmSync(folder, { recursive: true });
  }
  return { asked: asked.slice(0, requests), said };
}

const isOne = (given: Given | readonly Given[]): given is Given => typeof given[0] === "number";

describe("a worker's Consul agent that has lost its servers", () => {
  const member = (Addr: string, role: string) => ({ Addr, Tags: { role }, Status: 4 });
  const lost: Answers = {
    "GET /v1/status/leader": [500, "No known Consul servers"],
    "GET /v1/agent/members": [200, JSON.stringify([member("10.0.0.9", "node"), member("127.0.0.1", "consul")])],
  };
  const round = ["GET /v1/status/leader", "GET /v1/agent/members as of-the-agent"];

  it("is told to join one that it knew, with its own token", async () => {
    const joined: Answers = { ...lost, "PUT /v1/agent/join/127.0.0.1": [200, ""] };
    const { asked, said } = await watch(joined, 4);
    expect(asked).toEqual([...round, "PUT /v1/agent/join/127.0.0.1 as of-the-agent", "GET /nomad/status/leader"]);
    expect(said).toBe("Consul had lost all servers, and has found 127.0.0.1\n");
  });

  it("is told again while none can be reached, and nothing is said of it", async () => {
    const cut: Answers = { ...lost, "PUT /v1/agent/join/127.0.0.1": [500, "i/o timeout"] };
    const { asked, said } = await watch(cut, 6);
    expect(asked).toEqual([
      ...[...round, "PUT /v1/agent/join/127.0.0.1 as of-the-agent"],
      ...[...round, "PUT /v1/agent/join/127.0.0.1 as of-the-agent"],
    ]);
    expect(said).toBe("");
  });

  it("is not told to join one that cannot be called", async () => {
    const unreachable = JSON.stringify([member("127.255.255.255", "consul")]);
    const { asked, said } = await watch({ ...lost, "GET /v1/agent/members": [200, unreachable] }, 4);
    expect(asked).toEqual([...round, ...round]);
    expect(said).toBe("");
  });

  it("is heard to refuse the token: that does not pass by itself", async () => {
    const refused: Answers = { ...lost, "PUT /v1/agent/join/127.0.0.1": [403, "Permission denied"] };
    const { said } = await watch(refused, 4);
    expect(said).toContain("HTTP Error 403: Forbidden");
  });

  it("is left alone when it never knew one", async () => {
    const { asked } = await watch({ ...lost, "GET /v1/agent/members": [200, "[]"] }, 4);
    expect(asked).toEqual([...round, ...round]);
  });

  describe("and has them again", () => {
    const nomad = "GET /nomad/status/leader";
    const consul = "GET /v1/status/leader";
    const returns = (...answers: Given[]): Answers => ({
      ...{ ...lost, "PUT /v1/agent/join/127.0.0.1": [200, ""] },
      [consul]: [
        [500, "No known Consul servers"],
        [200, '"10.0.0.1:8300"'],
      ],
      [nomad]: answers,
    });
    const back = [...round, "PUT /v1/agent/join/127.0.0.1 as of-the-agent", nomad];

    it("has Nomad's asked once for what a server has to answer", async () => {
      const { asked } = await watch(returns([200, '"10.0.0.1:4647"']), 6);
      expect(asked).toEqual([...back, consul, consul]);
    });

    it("has it asked until one does", async () => {
      const { asked } = await watch(returns([500, "No cluster leader"], [500, "EOF"], [200, '"10.0.0.1:4647"']), 10);
      expect(asked).toEqual([...back, consul, nomad, consul, nomad, consul, consul]);
    });

    it("has it asked too where a server has called first", async () => {
      const called = { ...returns([200, '"10.0.0.1:4647"']), "GET /v1/agent/members": [200, "[]"] as const };
      const { asked } = await watch(called, 5);
      expect(asked).toEqual([...round, consul, nomad, consul]);
    });
  });

  it.each([
    ["it has servers", 200, '"10.0.0.1:8300"'],
    ["its servers have no leader", 200, '""'],
    ["it is asked of something else", 500, "rpc error: timed out"],
  ])("is not found when %s", async (_what, status, text) => {
    const { asked } = await watch({ "GET /v1/status/leader": [status, text] }, 3);
    expect(asked).toEqual(Array(3).fill("GET /v1/status/leader"));
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import path from "node:path";
import { until } from "./until";

jest.setTimeout(30_000);

const root = path.join(__dirname, "..");
const complete = { ENVIRONMENT: "test", TITLE: "Cluster", HOST: "127.0.0.1", PORT: "0", METRICS_PORT: "0" };

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));

function start(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ["-r", "./test/run-typescript.cjs", "src/server.ts"], { env, cwd: root });
  children.push(child);
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (text.out += chunk));
  child.stderr.on("data", (chunk) => (text.err += chunk));
  return { child, text };
}

describe("the process", () => {
  it("does not start with a wrong environment, and says what is wrong", async () => {
    const { child, text } = start({ ...complete, TITLE: undefined, PORT: "http" });
    const [code] = (await once(child, "close")) as [number];
    expect([code, text.out]).toEqual([1, ""]);
    expect(text.err).toBe(
      "frontend cannot start: its environment is wrong\n" +
        "TITLE: expected a text of 1 to 1000 characters, got nothing\n" +
        'PORT: expected a port from 0 to 65535, got "http"\n',
    );
  });

  it("serves, logs JSON, and on SIGTERM ends with 0 once what is under way is answered", async () => {
    // A name server that never answers keeps a request under way for a second and a half.
    const silent = createSocket("udp4");
    silent.bind(0, "127.0.0.1");
    await once(silent, "listening");
    let asked = false;
    silent.on("message", () => (asked = true));
    try {
      const { child, text } = start({ ...complete, DNS_SERVERS: `127.0.0.1:${silent.address().port}` });
      const listening = /Server listening at (http:[^"]+)/;
      await until("the server to listen", () => listening.test(text.out));
      const url = listening.exec(text.out)?.[1] ?? "";
      expect(JSON.parse(text.out.split("\n")[0]!)).toMatchObject({
        level: 30,
        service: "frontend",
        environment: "test",
      });

      const underWay = fetch(`${url}/`);
      await until("the look-up", () => asked);
      child.kill("SIGTERM");
      const response = await underWay;
      expect([response.status, response.headers.get("connection")]).toEqual([503, "close"]);
      expect(await response.text()).toContain("(TIMEOUT)");
      expect(child.exitCode ?? (await once(child, "exit"))[0]).toBe(0);
      expect(text.err).toBe("");
    } finally {
      silent.close();
    }
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { until } from "./until";

jest.setTimeout(30_000);

const root = path.join(__dirname, "..");
const complete = { ENVIRONMENT: "test", GREETING: "Hello", HOST: "127.0.0.1", PORT: "0", METRICS_PORT: "0" };

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
    const { child, text } = start({ ...complete, GREETING: undefined, LOG_LEVEL: "loud" });
    const [code] = (await once(child, "close")) as [number];
    expect([code, text.out]).toEqual([1, ""]);
    expect(text.err).toBe(
      "backend cannot start: its environment is wrong\n" +
        "GREETING: expected a text of 1 to 1000 characters, got nothing\n" +
        'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"\n',
    );
  });

  it("serves, logs JSON, and ends with 0 on SIGTERM", async () => {
    const { child, text } = start(complete);
    const listening = /Server listening at (http:[^"]+)/;
    await until("the server to listen", () => listening.test(text.out));
    const response = await fetch(listening.exec(text.out)?.[1] ?? "");
    expect(await response.json()).toMatchObject({ service: "backend", environment: "test", greeting: "Hello" });
    expect(JSON.parse(text.out.split("\n")[0]!)).toMatchObject({ level: 30, service: "backend", environment: "test" });
    await until("the line of a request that no other follows", () => text.out.includes('"request completed"'));
    child.kill("SIGTERM");
    expect((await once(child, "close"))[0]).toBe(0);
    expect(text.err).toBe("");
    const messages = text.out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((message) => !message.startsWith("Server listening"))).toEqual([
      "request completed",
      "closing",
    ]);
  });
});

import type { FastifyInstance } from "fastify";
import { build } from "../src/app";
import { readEnv } from "../src/env";
import { listen, talk } from "./talk";

const env = readEnv({ ENVIRONMENT: "test", TITLE: "Cluster", NODE_NAME: "worker-1" });
const lookup = async () => [];

/** What a reader sees of a page: its words. */
const words = (body: string): string =>
  body
    .replace(/<style>[^]*<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

let app: FastifyInstance;
let lines: string[];
const log = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
beforeEach(() => {
  lines = [];
  app = build({ env, lookup, logger: { level: "debug", stream: { write: (line: string) => void lines.push(line) } } });
});
afterEach(() => app.close());

describe("an unexpected error", () => {
  it("is told by its request's id, and found in the log by it", async () => {
    app.get("/broken", async () => {
      throw Object.assign(new Error("password=hunter2 at 10.0.1.7"), { statusCode: 200, code: "EINSIDE" });
    });
    const response = await app.inject({ url: "/broken", headers: { "x-request-id": "visit-1" } });
    expect(response.statusCode).toBe(500);
    const heading = "Something went wrong here";
    expect(words(response.body)).toBe(`${heading} ${heading} Request visit-1 To the page`);
    expect(log().find((entry) => entry["level"] === 50)).toMatchObject({
      reqId: "visit-1",
      err: { message: "password=hunter2 at 10.0.1.7", stack: expect.stringContaining("errors.test.ts") },
    });
  });

  it("says as little when it took too long", async () => {
    const slow = build({ env, lookup: () => new Promise(() => {}), timeouts: { handler: 20 } });
    const response = await slow.inject({ url: "/", headers: { "x-request-id": "visit-2" } });
    const heading = "Too busy: please try again in a moment";
    expect([response.statusCode, words(response.body)]).toEqual([
      503,
      `${heading} ${heading} Request visit-2 To the page`,
    ]);
    await slow.close();
  });
});

describe("a refused request", () => {
  it.each([
    ["/nowhere?secret", "GET", 404, "There is no such page"],
    ["/%zz<script>", "GET", 400, "This request cannot be answered"],
    ["/", "POST", 405, "This request cannot be answered"],
    [`/${"a".repeat(1024)}`, "GET", 414, "This request cannot be answered"],
  ])("gets its status and nothing of what it said: %s", async (url, method, statusCode, heading) => {
    const response = await app.inject({ method: method as "GET", url, headers: { "x-request-id": "visit-3" } });
    expect(response.headers["x-request-id"]).toBe("visit-3");
    expect(response.statusCode).toBe(statusCode);
    expect(response.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(words(response.body)).toBe(`${heading} ${heading} Request visit-3 To the page`);
  });
});

describe("the log", () => {
  it("has one line of JSON for each event, whatever the request says", async () => {
    const port = await listen(app);
    const hostile = '"}{"level":60,"msg":"forged\u2028\u0085\x1b[2J%0d%0a';
    await talk(port, `GET /${encodeURIComponent(hostile)}%0a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await talk(port, `GET /%zz"}{ HTTP/1.1\r\nHost: "}{\r\nX-Request-Id: "},{\r\nConnection: close\r\n\r\n`);
    await talk(port, `\0"}\n{"level":60}\r\n\r\n`);
    expect(lines.filter((line) => line.trimEnd().includes("\n"))).toEqual([]);
    expect(log().filter(({ level }) => (level as number) >= 50)).toEqual([]);
    expect(log().map(({ msg, code }) => code ?? msg)).toEqual(
      expect.arrayContaining(["HPE_INVALID_METHOD", "refused"]),
    );
  });

  it("names the peer of the connection, not whom a header names", async () => {
    const port = await listen(app);
    const forwarded =
      "X-Forwarded-For: 1.2.3.4\r\nX-Real-Ip: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX-Forwarded-Host: evil\r\n";
    const [answer] = await talk(port, `GET / HTTP/1.1\r\nHost: a\r\n${forwarded}Connection: close\r\n\r\n`);
    expect(answer?.status).toBe(503);
    expect(JSON.stringify(answer) + lines.join("")).not.toMatch(/1\.2\.3\.4|evil/);
    expect(log().find(({ req }) => req !== undefined)).toMatchObject({
      req: { host: "a", remoteAddress: "127.0.0.1" },
    });
  });
});

describe("the load balancer's trace", () => {
  const root = "Root=1-67891233-abcdef012345678912345678";
  const traces = async (given: string): Promise<Set<unknown>> => {
    await app.inject({ method: "POST", url: "/", headers: { "x-amzn-trace-id": given } });
    expect(log().length).toBeGreaterThan(1);
    return new Set(log().map((entry) => entry["trace"]));
  };

  it.each([root, `Self=1-67891233-000000000000000000000000;${root}`])(
    "is in every line of its request: %s",
    async (given) => {
      expect(await traces(given)).toEqual(new Set([given]));
    },
  );

  it.each([`${root};Forged=1`, `${root}\u0022`, root.toUpperCase(), `${root}0`, "x".repeat(5000), ""])(
    "is left out when the load balancer has not made it: %s",
    async (given) => expect(await traces(given)).toEqual(new Set([undefined])),
  );
});

import { once } from "node:events";
import net from "node:net";
import type { FastifyInstance } from "fastify";
import { build } from "../src/app";
import { readEnv } from "../src/env";
import { headers as everywhere } from "../src/headers";
import { type Answer, listen, talk } from "./talk";
import { until } from "./until";

const env = readEnv({ ENVIRONMENT: "test", GREETING: "Hello", NODE_NAME: "worker-1" });

let app: FastifyInstance;
let port: number;
beforeAll(async () => {
  app = build({ env, timeouts: { headers: 200, request: 300, check: 20, connection: 1000, keepAlive: 100 } });
  port = await listen(app);
});
afterAll(() => app.close());

const host = "Host: backend\r\n";
const get = (path: string, more = "Connection: close\r\n") => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
const post = (headers: string, body = "") => `POST / HTTP/1.1\r\n${host}${headers}\r\n${body}`;
const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status);

describe("a request that two servers could read differently", () => {
  // What would be a request of its own, were the body's end where the other server sees it.
  const hidden = get("/openapi.json");

  it.each([
    ["a length and chunks", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${hidden}`)],
    ["chunks and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", `0\r\n\r\n${hidden}`)],
    ["two lengths", post("Content-Length: 0\r\nContent-Length: 44\r\n", hidden)],
    ["one length twice", post("Content-Length: 4\r\nContent-Length: 4\r\n", "abcd")],
    ["a list of lengths", post("Content-Length: 0, 0\r\n", hidden)],
    ["a signed length", post("Content-Length: +4\r\n", "abcd")],
    ["a negative length", post("Content-Length: -4\r\n", "abcd")],
    ["a hexadecimal length", post("Content-Length: 0x4\r\n", "abcd")],
    ["a space before the colon", post("Content-Length : 44\r\n", hidden)],
    ["a folded encoding", post("Transfer-Encoding:\r\n chunked\r\n", `0\r\n\r\n${hidden}`)],
    ["a folded header", get("/", "X-Any: a\r\n b\r\n")],
    ["an unknown encoding", post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${hidden}`)],
    ["no encoding by name", post("Transfer-Encoding: identity\r\n", hidden)],
    ["two encodings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", `0\r\n\r\n${hidden}`)],
    ["chunks that are encoded again", post("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${hidden}`)],
    ["lines that end in a bare LF", `GET / HTTP/1.1\n${host}\n${hidden}`],
    ["a header that a bare LF ends", get("/", "X-Any: a\nTransfer-Encoding: chunked\r\n")],
    ["a header that a bare CR ends", get("/", "X-Any: a\rTransfer-Encoding: chunked\r\n")],
    ["a NUL in a header", get("/", "X-Any: a\0b\r\n")],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["two hosts", get("/", "Host: other\r\n")],
    ["HTTP/0.9", "GET /\r\n\r\n"],
    ["HTTP/2 in words", `GET / HTTP/2.0\r\n${host}\r\n`],
    ["HTTP/2 in earnest", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["an unknown method", `FOO / HTTP/1.1\r\n${host}\r\n`],
  ])("is refused, and nothing after it is read: %s", async (_name, bytes) => {
    expect(statuses(await talk(port, bytes))).toEqual([400]);
  });

  it.each([
    ["POST", 405],
    ["GET", 413],
  ])("is not made by the body of a %s, which is never read", async (method, status) => {
    const length = `${method} / HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}`;
    const chunks = `${method} / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`;
    for (const bytes of [length, chunks]) expect(statuses(await talk(port, bytes))).toEqual([status]);
  });
});

describe("a body", () => {
  it("is refused before it comes, also to whoever asks first", async () => {
    const [answer, ...others] = await talk(port, post("Expect: 100-continue\r\nContent-Length: 1000000000\r\n"));
    expect(others).toEqual([]);
    expect(answer).toMatchObject({ status: 405, headers: { allow: "GET, HEAD", connection: "close" } });
  });

  it("is refused with GET, whatever its type", async () => {
    for (const type of ["application/json", "text/plain", "multipart/form-data; boundary=b", "no type"]) {
      const bytes = get("/", `Content-Type: ${type}\r\nContent-Length: 5\r\n`) + "{}";
      expect(statuses(await talk(port, bytes))).toEqual([413]);
    }
  });
});

describe("limits", () => {
  it.each([
    ["one header of 9 KB", get("/", `X-Any: ${"a".repeat(9000)}\r\n`), 431],
    ["many headers of 9 KB together", get("/", "X-Any: aaaaaaaaa\r\n".repeat(500)), 431],
    ["101 headers", get("/", "X: 1\r\n".repeat(100)), 431],
    ["a path of 9 KB", get(`/${"a".repeat(9000)}`), 431],
    ["a path of 1 KB and a byte", get(`/${"a".repeat(1024)}`), 414],
    ["a query of 1 KB", get(`/?${"a".repeat(1023)}`), 414],
  ])("refuse %s", async (_name, bytes, status) => {
    const answers = await talk(port, bytes);
    expect(statuses(answers)).toEqual([status]);
    expect(answers[0]?.headers["connection"]).toBe("close");
  });

  it("allow 100 headers and a URL of 1 KB", async () => {
    const headers = `Connection: close\r\n${"X: 1\r\n".repeat(98)}`;
    expect(statuses(await talk(port, get(`/?${"a".repeat(1022)}`, headers)))).toEqual([200]);
  });

  it.each([
    ["says nothing", ""],
    ["sends half of a line", "GET / HT"],
    ["never ends its headers", `GET / HTTP/1.1\r\n${host}X-Any:`],
  ])("hang up on whoever %s", async (_name, bytes) => {
    const start = performance.now();
    expect(statuses(await talk(port, bytes))).toEqual([408]);
    expect(performance.now() - start).toBeGreaterThan(190);
  });

  it("hang up on a connection on which nothing moves", async () => {
    const stuck = build({ env, timeouts: { connection: 100 } });
    stuck.get("/stuck", () => new Promise(() => {}));
    try {
      expect(await talk(await listen(stuck), get("/stuck"))).toEqual([]);
    } finally {
      await stuck.close();
    }
  });

  it("ask to end a connection with the thousandth request, and serve no other on it", async () => {
    const answers = await talk(port, get("/health/live", "").repeat(1001));
    expect(statuses(answers)).toEqual([...Array(1000).fill(200), 503]);
    expect([998, 999].map((i) => answers[i]?.headers["connection"])).toEqual(["keep-alive", "close"]);
  });

  it("are in force, as the process has them by default", async () => {
    const { server } = build({ env });
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxRequestsPerSocket } = server;
    expect([headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxRequestsPerSocket]).toEqual([
      5000, 10_000, 75_000, 15_000, 1000,
    ]);
  });
});

describe("a path", () => {
  it.each([
    ["//", 404],
    ["//other.example/", 404],
    ["/../", 404],
    ["/../../etc/passwd", 404],
    ["/%2e%2e/%2e%2e/etc/passwd", 404],
    ["/%00", 404],
    ["/health/live/", 404],
    ["/health//live", 404],
    ["/HEALTH/live", 404],
    ["/health%2flive", 404],
    ["/\\", 404],
    ["/;a=b", 404],
    ["/__proto__", 404],
    ["/constructor", 404],
    ["/%", 400],
    ["/%zz", 400],
    ["/%c0%af", 400],
    ["*", 400],
    ["http://", 400],
    ["?a", 400],
    ["/a b", 400],
    ["/\u0001", 400],
    ["/?a=%00&__proto__[x]=1", 200],
    ["http://other.example/", 200],
    ["http://other.example/openapi.json", 200],
  ])("%s is answered with %d", async (path, status) => {
    expect(statuses(await talk(port, get(path)))).toEqual([status]);
  });
});

describe("a request that comes while the server closes", () => {
  it("is served, as the last of its connection", async () => {
    const closing = build({ env });
    let release: ((text: string) => void) | undefined;
    closing.get("/held", () => new Promise<string>((resolve) => (release = resolve)));
    const socket = net.connect(await listen(closing), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => (text += chunk));
    socket.write(get("/held", ""));
    await until("the first request", () => release !== undefined);
    const closed = closing.close();
    await until("the server to stop listening", () => !closing.server.listening);
    let asked = false;
    closing.server.prependListener("request", () => (asked = true));
    socket.write(get("/health/live", ""));
    await until("the second request", () => asked);
    release?.("held");
    await Promise.all([closed, once(socket, "close")]);
    expect(text.match(/HTTP\/1\.1 \d+|^connection: .*(?=\r)/gim)).toEqual([
      "HTTP/1.1 200",
      "Connection: keep-alive",
      "HTTP/1.1 200",
      "Connection: close",
    ]);
  });
});

describe("every answer", () => {
  const own = { date: expect.any(String), "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/) };
  const json = { "content-type": "application/json; charset=utf-8", "content-length": expect.any(String) };
  const text = { "content-type": "text/plain; charset=utf-8", "content-length": expect.any(String) };
  const closed = { connection: "close" };

  it.each([
    ["of a route", get("/"), 200, { ...own, ...json, ...closed }],
    ["to an unknown path", get("/nowhere"), 404, { ...own, ...json, ...closed }],
    ["to a path that cannot be decoded", get("/%"), 400, { ...own, ...json, ...closed }],
    ["to another method", post(""), 405, { ...own, ...json, ...closed, allow: "GET, HEAD" }],
    [
      "to an unknown expectation",
      get("/", "Expect: 200-ok\r\nConnection: close\r\n"),
      200,
      { ...own, ...json, ...closed },
    ],
    ["to no host", "GET / HTTP/1.1\r\n\r\n", 400, { ...own, ...json, ...closed }],
    ["to no request", "\0\r\n\r\n", 400, { ...text, ...closed }],
    ["to too much", get("/", `X-Any: ${"a".repeat(9000)}\r\n`), 431, { ...text, ...closed }],
  ])("%s has the same headers and none that names a program", async (_name, bytes, status, more) => {
    const [answer] = await talk(port, bytes);
    expect(answer?.status).toBe(status);
    expect(answer?.headers).toEqual({ ...everywhere, ...more });
  });

  it("has these values", () => {
    expect(everywhere).toEqual({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
  });
});

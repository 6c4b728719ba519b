import type { FastifyInstance } from "fastify";
import { build } from "../src/app";
import { readEnv } from "../src/env";
import { mangledBytes, randomNumbers, randomRequest } from "./random-requests";
import { exchange, listen } from "./talk";

const expected = [200, 400, 404, 405, 408, 413, 414, 431];
/** A stack, a file of ours or of a package, an error's code, or where a socket is. */
const inside = /\n {4}at |node_modules|\.[jt]s:\d|\b(ERR|FST|HPE|E[A-Z]{4,})_?[A-Z_]*\b|127\.0\.0\.1/;

let app: FastifyInstance;
let errors: string[];
beforeEach(() => {
  errors = [];
  const stream = { write: (line: string) => void errors.push(line) };
  const env = readEnv({ ENVIRONMENT: "test", GREETING: "Hello", NODE_NAME: "worker-1" });
  app = build({
    env,
    logger: { level: "error", stream },
    timeouts: { headers: 200, request: 300, check: 20, keepAlive: 50 },
  });
});
afterEach(() => app.close());

describe("a thousand random requests", () => {
  it("are each answered by the application, and none by an error of its own", async () => {
    const random = randomNumbers(1);
    for (let i = 0; i < 1000; i++) {
      const { path, method, headers, body } = randomRequest(random);
      // Without a socket the path is parsed as a URL before it is sent.
      const url = URL.canParse(path, "http://a") ? path : "/%";
      const answer = await app.inject({ method: method as "GET", url, headers, payload: body || undefined });
      expect(expected).toContain(answer.statusCode);
      expect(answer.body).not.toMatch(inside);
      if (method !== "HEAD") expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    }
    expect(errors).toEqual([]);
  });

  it("are each answered over a connection, also when their bytes are mangled, and leave the server as it was", async () => {
    const random = randomNumbers(2);
    const port = await listen(app);
    const send = async (bytes: string): Promise<void> => {
      const text = (await exchange(port, bytes, { end: true })).toString("latin1");
      const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((match) => Number(match[1]));
      // What ends before its first line says nothing that could be answered; no other request is left without an answer.
      if (/\S/.test(bytes) && !bytes.startsWith("CONNECT")) expect([bytes, statuses.length]).not.toEqual([bytes, 0]);
      for (const status of statuses) expect(expected).toContain(status);
      expect(text).not.toMatch(inside);
    };
    for (let i = 0; i < 40; i++) {
      await Promise.all(Array.from({ length: 25 }, () => send(mangledBytes(randomRequest(random), random))));
    }
    expect(errors).toEqual([]);
    expect((await app.inject("/")).statusCode).toBe(200);
  }, 60_000);
});

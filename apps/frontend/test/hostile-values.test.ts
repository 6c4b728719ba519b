import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { build } from "../src/app";
import { readEnv } from "../src/env";
import { FakeBackend } from "./fake-backend";

let backend: FakeBackend;
const apps: FastifyInstance[] = [];
beforeAll(async () => {
  backend = await FakeBackend.start("b1");
});
beforeEach(() => (backend.reply = undefined));
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));
afterAll(() => backend.stop());

async function page(value = "plain"): Promise<{ status: number; body: string; text: Record<string, string> }> {
  const env = readEnv({
    ENVIRONMENT: value,
    TITLE: value,
    NODE_NAME: value,
    NOMAD_ALLOC_ID: value,
    NOMAD_HOST_ADDR_http: value,
  });
  const app = build({ env, lookup: async () => [{ address: "127.0.0.1", port: backend.port }] });
  apps.push(app);
  const { statusCode, body } = await app.inject({ url: "/", headers: { "x-request-id": "r" } });
  const entries = [...body.matchAll(/<(?:dd|p) id="([\w-]+)">([^<]*)</g)].map(([, id, text]) => [id, decoded(text!)]);
  return { status: statusCode, body, text: Object.fromEntries(entries) as Record<string, string> };
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
/** As it arrives in UTF-8, which has no half of a pair. */
const sent = (value: string): string => Buffer.from(value).toString();
const decoded = (text: string): string => text.replace(/&([#\w]+);/g, (all, name: string) => entities[name] ?? all);
const tags = (body: string): readonly string[] => body.match(/<[^>]*>/g) ?? [];

const json = (values: unknown) => (response: ServerResponse) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(typeof values === "string" ? values : JSON.stringify(values));
};
const valuesOf = (value: string) => ({
  service: "backend",
  environment: value,
  greeting: value,
  instance: { id: value, host: value, address: value },
});

const hostile = [
  "<script>alert(1)</script>",
  "</title></style></h1><img src=x onerror=alert(1)>",
  `" onmouseover="alert(1)" x='`,
  "<%= it.style %><%~ it.style %><% throw 1 %>",
  "${process.exit(1)}{{constructor.constructor('return process')()}}",
  "&lt;b&gt;&amp;&#60;script&#62;",
  "<!-- --><![CDATA[<script>]]><?php ?>",
  "javascript:alert(1)",
  "first\r\nSet-Cookie: a=b\r\n\r\n<b>second</b>",
  "\u202egnp.exe\u2066\u200b\ufeff\u2028\u2029\u0085",
  "\ud800 alone, \u{1f680}, e\u0301\u0301\u0301",
  "$& $1 $` $'",
  "__proto__",
  "x".repeat(1000),
];

describe("a hostile text", () => {
  it.each(hostile)("of the environment is shown as it is, and adds no element: %j", async (value) => {
    const [plain, odd] = [await page(), await page(value)];
    expect(odd.status).toBe(200);
    expect(tags(odd.body)).toEqual(tags(plain.body));
    expect(odd.text).toMatchObject({
      "frontend-title": sent(value),
      "frontend-environment": sent(value),
      "frontend-instance": sent(value),
      "frontend-host": sent(value),
      "frontend-address": sent(value),
    });
    expect(decoded(/<title>([^<]*)<\/title>/.exec(odd.body)![1]!)).toBe(sent(value));
  });

  it.each([...hostile, "a\0b\u0007\u001b[2J"])(
    "of the backend is shown as it is, and adds no element: %j",
    async (value) => {
      const plain = await page();
      backend.reply = json(valuesOf(value));
      const odd = await page();
      expect(odd.status).toBe(200);
      expect(tags(odd.body)).toEqual(tags(plain.body));
      expect(odd.text).toMatchObject({
        "backend-greeting": sent(value),
        "backend-environment": sent(value),
        "backend-instance": sent(value),
        "backend-host": sent(value),
      });
      // Where it was asked, not where it says to be.
      expect(odd.text["backend-address"]).toBe(backend.authority);
    },
  );
});

describe("an answer of the backend", () => {
  const good = valuesOf("good");
  const drip = (status: number) => (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  };

  it.each<[string, (response: ServerResponse) => void, string]>([
    ["nothing", json(""), "MALFORMED"],
    ["half of an object", json('{"service":"backend"'), "MALFORMED"],
    ["two objects", json(JSON.stringify(good).repeat(2)), "MALFORMED"],
    ["null", json("null"), "MALFORMED"],
    ["a list", json([good]), "MALFORMED"],
    ["a text", json(JSON.stringify("backend")), "MALFORMED"],
    ["a greeting that is missing", json({ ...good, greeting: undefined }), "MALFORMED"],
    ["a greeting that is a number", json({ ...good, greeting: 1 }), "MALFORMED"],
    ["a greeting that is null", json({ ...good, greeting: null }), "MALFORMED"],
    ["a greeting that is a list", json({ ...good, greeting: ["<b>"] }), "MALFORMED"],
    ["a greeting that claims to be a text", json({ ...good, greeting: { toString: "<b>", length: 1 } }), "MALFORMED"],
    ["a greeting of 1001 characters", json({ ...good, greeting: "x".repeat(1001) }), "MALFORMED"],
    ["an instance that is a text", json({ ...good, instance: "b1" }), "MALFORMED"],
    ["an instance that is a list", json({ ...good, instance: [] }), "MALFORMED"],
    ["an id that is an object", json({ ...good, instance: { ...good.instance, id: {} } }), "MALFORMED"],
    ["values that are inherited", json(`{"__proto__":${JSON.stringify(good)}}`), "MALFORMED"],
    ["nesting without end", json("[".repeat(60_000)), "MALFORMED"],
    ["10 MB", json({ ...good, more: "x".repeat(10_000_000) }), "RES_EXCEEDED_MAX_SIZE"],
    ["9 MB of spaces", json(" ".repeat(9_000_000)), "RES_EXCEEDED_MAX_SIZE"],
    [
      "20 KB of headers",
      (response) => void response.writeHead(200, { "x-any": "a".repeat(20_000) }).end(),
      "HEADERS_OVERFLOW",
    ],
    ["a way elsewhere", (response) => void response.writeHead(302, { location: "/other" }).end(), "HTTP 302"],
    [
      "less than it promised",
      (response) => void response.writeHead(200, { "content-length": 9 }).write("{", () => response.destroy()),
      "SOCKET",
    ],
    ["no HTTP", (response) => void response.socket?.end("SSH-2.0-OpenSSH\r\n"), "UNKNOWN"],
    ["a byte now and then", drip(200), "TIMEOUT"],
    ["a refusal, a byte now and then", drip(503), "HTTP 503"],
  ])("that is %s is answered with 503, why, and nothing of it", async (_name, reply, reason) => {
    backend.reply = reply;
    const start = performance.now();
    const { status, body, text } = await page();
    expect(performance.now() - start).toBeLessThan(4900);
    expect(status).toBe(503);
    expect(text["notice-text"]).toMatch(/^1 known, none answered in time: /);
    expect(text["discovery-attempts"]!.split(", ")[0]).toBe(`${backend.authority} ${reason}`);
    expect(body).not.toMatch(/good|<b>|SSH/);
  });

  it("may say more than the page needs, which changes nothing", async () => {
    const more = '"__proto__":{"title":"polluted"},"constructor":{"prototype":{"title":"polluted"}},"it":"polluted"';
    backend.reply = json(`{${more},${JSON.stringify(good).slice(1)}`);
    const { status, body, text } = await page();
    expect([status, text["backend-greeting"]]).toEqual([200, "good"]);
    expect(body).not.toContain("polluted");
    expect(({} as { title?: string }).title).toBeUndefined();
  });
});

import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { build, type BuildOptions } from "../src/app";
import { LookupError } from "../src/discovery/srv";
import { readEnv } from "../src/env";
import { ConsulAgent } from "./consul-agent";
import { FakeBackend } from "./fake-backend";
import { listen, talk } from "./talk";
import { until } from "./until";

jest.setTimeout(30_000);

// One agent for all, and a service of its own for each test.
let consul: ConsulAgent;
let service = "";
let tests = 0;
const apps: FastifyInstance[] = [];
const backends: FakeBackend[] = [];
beforeAll(async () => {
  consul = await ConsulAgent.start();
});
afterAll(() => consul.stop());
beforeEach(() => {
  service = `backend-${++tests}`;
});
afterEach(async () => {
  consul.thaw();
  await Promise.all([
    ...apps.splice(0).map((app) => app.close()),
    ...backends.splice(0).map((backend) => backend.stop()),
  ]);
});

/** A name server that refuses: nothing listens there. */
const noDns = "127.0.0.1:9";

function frontend(options: Partial<BuildOptions> = {}, dns = consul.dns): FastifyInstance {
  const env = readEnv({
    ENVIRONMENT: "test",
    TITLE: 'A <em>"title"</em>',
    BACKEND_SERVICE: service,
    DNS_SERVERS: dns,
    NODE_NAME: "worker-2",
    NOMAD_ALLOC_ID: "77aa",
    NOMAD_HOST_ADDR_http: "127.0.0.2:21000",
  });
  const app = build({ env, ...options });
  apps.push(app);
  return app;
}

async function backend(id: string, where: { port?: number; address?: string } = {}): Promise<FakeBackend> {
  const started = await FakeBackend.start(id, where);
  backends.push(started);
  const { port, address } = started;
  await consul.register({ name: service, id: `${service}-${id}`, port, address });
  return started;
}

/** What a reader sees: the text of each element that has an id, by that id. */
async function read(app: FastifyInstance, headers: Record<string, string> = {}) {
  const { statusCode, body } = await app.inject({ url: "/", headers });
  const values: Record<string, string> = {};
  for (const [, id, text] of body.matchAll(/<(?:dd|h2|p) id="([\w-]+)">([^<]*)</g)) values[id!] = text!;
  const instances = [...body.matchAll(/<td>([^<]*)<\/td><td>([^<]*)<\/td>/g)].map(([, address, state]) => [
    address,
    state,
  ]);
  return { statusCode, body, values, instances };
}

describe("the page", () => {
  it("shows the frontend's values, the backend's, which instance answered, and what discovery saw", async () => {
    const one = await backend("b1");
    const { statusCode, values, instances } = await read(frontend(), { "x-request-id": "visit-1" });
    expect(statusCode).toBe(200);
    expect(values).toEqual({
      backend: "Backend",
      "backend-greeting": "Hello",
      "backend-environment": "test",
      "backend-instance": "b1",
      "backend-host": "worker-1",
      "backend-address": one.authority,
      frontend: "Frontend",
      "frontend-title": "A &lt;em&gt;&quot;title&quot;&lt;/em&gt;",
      "frontend-environment": "test",
      "frontend-instance": "77aa",
      "frontend-host": "worker-2",
      "frontend-address": "127.0.0.2:21000",
      "request-id": "visit-1",
      discovery: "Discovery",
      "discovery-name": `${service}.service.consul`,
      "discovery-source": "fresh: DNS was asked for this request",
      "discovery-age": "0.0 s",
      "discovery-count": "1",
      "discovery-attempts": "none",
    });
    expect(instances).toEqual([[one.authority, "answered this request"]]);
    expect(one.requestIds).toEqual(["visit-1"]);
  });

  it("escapes what the backend says", async () => {
    const one = await backend("b1");
    one.greeting = "<script>alert('&')</script>";
    const { body, values } = await read(frontend());
    expect(values["backend-greeting"]).toBe("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;");
    expect(body).not.toContain("<script");
  });

  it("allows the browser its own style and nothing else", async () => {
    await backend("b1");
    const app = frontend();
    await app.listen({ host: "127.0.0.1", port: 0 });
    const response = await fetch(app.listeningOrigin);
    const body = await response.text();
    const style = /<style>([^]*)<\/style>/.exec(body)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(response.headers.get("content-security-policy")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(body).not.toMatch(/<script| style=| on\w+=/);
  });

  it("is answered by every instance in turn, and by new ones within a second", async () => {
    for (let i = 1; i <= 5; i++) await backend(`b${i}`);
    const app = frontend();
    const seen = new Set<string>();
    await until("all five to have answered", async () => {
      seen.add((await read(app)).values["backend-instance"]!);
      return seen.size === 5;
    });
    await backend("b6");
    await until("the sixth to answer", async () => (await read(app)).values["backend-instance"] === "b6");
    expect((await read(app)).values["discovery-count"]).toBe("6");
  });

  it("is answered by the instance on its own host, where there is one", async () => {
    await backend("b1");
    const here = await backend("b2", { address: "127.0.0.2" });
    await backend("b3");
    const app = frontend();
    for (let i = 0; i < 9; i++) await read(app);
    expect(here.requests).toBe(9);
  });

  it("never fails while an instance that Consul still lists is gone", async () => {
    const gone = await backend("gone");
    const here = await backend("here");
    const address = gone.authority;
    await gone.stop();
    const app = frontend();
    const pages = [];
    for (let i = 0; i < 20; i++) pages.push(await read(app));
    expect(pages.map((page) => [page.statusCode, page.values["backend-instance"]])).toEqual(
      Array(20).fill([200, "here"]),
    );
    const failed = pages.filter((page) => page.values["discovery-attempts"] === `${address} CONNREFUSED`);
    // It is found out at most once, then avoided.
    expect(failed.length).toBeLessThanOrEqual(1);
    expect(here.requests).toBe(20);
  });

  it("goes on with the last good answer while Consul DNS hangs, and says so", async () => {
    const one = await backend("b1");
    const app = frontend();
    expect((await read(app)).values["discovery-source"]).toBe("fresh: DNS was asked for this request");
    await consul.freeze();
    await until("the answer to be stale", async () => /^stale/.test((await read(app)).values["discovery-source"]!));
    const start = performance.now();
    const { statusCode, values, instances } = await read(app);
    expect(performance.now() - start).toBeLessThan(1000);
    expect([statusCode, values["backend-instance"]]).toEqual([200, "b1"]);
    expect(values["notice"]).toBe("Discovery is stale");
    expect(values["notice-text"]).toMatch(
      /^Consul DNS does not answer \((SLOW|TIMEOUT)\)\. The instances are those of its last good answer, \d+\.\d s ago\.$/,
    );
    expect(instances).toEqual([[one.authority, "answered this request"]]);

    consul.thaw();
    await until("a fresh answer", async () => /^fresh/.test((await read(app)).values["discovery-source"]!));
  });

  it("goes on with the last instances for a while when Consul knows of none, and says so", async () => {
    await backend("b1");
    const app = frontend();
    expect((await read(app)).statusCode).toBe(200);
    await consul.deregister(`${service}-b1`);
    await until("the answer to be stale", async () => /^stale/.test((await read(app)).values["discovery-source"]!));
    const { statusCode, values } = await read(app);
    expect([statusCode, values["backend-instance"]]).toEqual([200, "b1"]);
    expect(values["notice"]).toBe("Discovery is stale");
    expect(values["notice-text"]).toMatch(
      new RegExp(
        `^Consul knows no instance of ${service}\\.service\\.consul that passes its health checks\\. ` +
          String.raw`The instances are those of its last good answer, \d+\.\d s ago\.$`,
      ),
    );
  });
});

describe("the page without a backend", () => {
  it("says that there is none", async () => {
    const { statusCode, values, body } = await read(frontend());
    expect(statusCode).toBe(503);
    expect(values["notice"]).toBe("There is no backend");
    expect(values["notice-text"]).toBe(
      `Consul knows no instance of ${service}.service.consul that passes its health checks.`,
    );
    expect(values["frontend-instance"]).toBe("77aa");
    expect(body).not.toContain("    at ");
  });

  it("says that none of those known answers", async () => {
    const one = await backend("b1");
    one.behaviour = "refuse";
    const { statusCode, values, instances } = await read(frontend());
    expect(statusCode).toBe(503);
    expect(values["notice"]).toBe("No backend answers");
    const attempt = `${one.authority} HTTP 503`;
    expect(values["notice-text"]).toBe(`1 known, none answered in time: ${attempt}, ${attempt}, ${attempt}.`);
    expect(instances).toEqual([[one.authority, "failed lately, avoided"]]);
  });

  it("says that the look-up fails, and when to try again", async () => {
    const app = frontend({}, noDns);
    const { statusCode, values } = await read(app);
    expect(statusCode).toBe(503);
    expect(values["notice"]).toBe("The backend cannot be looked up");
    expect(values["notice-text"]).toBe(
      `Consul DNS does not answer for ${service}.service.consul (CONNREFUSED), and has not since this instance started.`,
    );
    expect((await app.inject("/")).headers["retry-after"]).toBe("2");
  });
});

describe("health", () => {
  const stateOf = async (app: FastifyInstance, url: string) => {
    const response = await app.inject(url);
    return [response.statusCode, response.json()];
  };

  it("is ready once DNS has answered, even that there is no backend, and live before", async () => {
    let answers = false;
    const lookup = async () => {
      if (!answers) throw new LookupError(service, "TIMEOUT");
      return [];
    };
    const app = frontend({ lookup });
    expect(await stateOf(app, "/health/ready")).toEqual([503, { status: "starting" }]);
    expect(await stateOf(app, "/health/live")).toEqual([200, { status: "ok" }]);
    answers = true;
    await until("an instance that is ready", async () => (await app.inject("/health/ready")).statusCode === 200);
  });

  it("does not depend on DNS later, nor on the backend: the page can say what is wrong only if it is routed to", async () => {
    const app = frontend();
    expect(await stateOf(app, "/health/ready")).toEqual([200, { status: "ok" }]);
    await consul.freeze();
    await app.inject("/");
    for (const url of ["/health/live", "/health/ready"]) {
      expect(await stateOf(app, url)).toEqual([200, { status: "ok" }]);
    }
    app.drain();
    expect((await app.inject("/health/ready")).statusCode).toBe(503);
    expect((await app.inject("/health/live")).statusCode).toBe(200);
  });

  it("ends kept connections once it drains, each with its next answer", async () => {
    const app = frontend({}, noDns);
    const port = await listen(app);
    app.drain();
    const [answer] = await talk(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect([answer?.status, answer?.headers["connection"]]).toEqual([503, "close"]);
  });

  it("turns unready under pressure, and stays live", async () => {
    const app = frontend({ pressure: { maxHeapUsedBytes: 1, sampleInterval: 10 } });
    await app.ready();
    await until("pressure", () => app.isUnderPressure());
    const ready = await app.inject("/health/ready");
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: "overloaded" }]);
    const refused = await app.inject("/");
    expect(refused.statusCode).toBe(503);
    expect(refused.body).toContain("<h1>Too busy: please try again in a moment</h1>");
    expect((await app.inject("/health/live")).statusCode).toBe(200);
  });
});

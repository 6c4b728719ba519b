import type { FastifyInstance } from "fastify";
import { build, type BuildOptions } from "../src/app";
import { readEnv } from "../src/env";
import { buildMetricsServer, createMetrics } from "../src/metrics";
import { listen, talk } from "./talk";
import { until } from "./until";

const env = readEnv({
  ENVIRONMENT: "test",
  GREETING: "Hello <b>",
  NODE_NAME: "worker-1",
  NOMAD_ALLOC_ID: "3f2c",
  NOMAD_HOST_ADDR_http: "10.0.1.7:23456",
});

const open: FastifyInstance[] = [];
function start(options: Partial<BuildOptions> = {}): FastifyInstance {
  const app = build({ env, ...options });
  open.push(app);
  return app;
}
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

describe("GET /", () => {
  it("answers the environment's values and which instance it is", async () => {
    const response = await start().inject({ url: "/", headers: { "x-request-id": "from-frontend-1" } });
    expect(response.statusCode).toBe(200);
    expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(response.json()).toEqual({
      service: "backend",
      environment: "test",
      greeting: "Hello <b>",
      instance: { id: "3f2c", host: "worker-1", address: "10.0.1.7:23456" },
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      requestId: "from-frontend-1",
    });
  });

  it.each(["", "two words", 'quote"', "x".repeat(65)])(
    "replaces the request id %j by one of its own",
    async (given) => {
      const response = await start().inject({ url: "/", headers: { "x-request-id": given } });
      expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(response.json().requestId).toBe(response.headers["x-request-id"]);
    },
  );
});

describe("health", () => {
  it("is live and ready once it has started", async () => {
    const app = start();
    for (const url of ["/health/live", "/health/ready"]) {
      const response = await app.inject(url);
      expect([response.statusCode, response.json()]).toEqual([200, { status: "ok" }]);
    }
  });

  it("stays live and goes on serving while it drains, but is no longer ready", async () => {
    const app = start();
    await app.ready();
    app.drain();
    const ready = await app.inject("/health/ready");
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: "draining" }]);
    expect((await app.inject("/health/live")).statusCode).toBe(200);
    expect((await app.inject("/")).statusCode).toBe(200);
  });

  it("ends kept connections once it drains, each with its next answer", async () => {
    const app = start();
    const port = await listen(app);
    app.drain();
    const [answer] = await talk(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect([answer?.status, answer?.headers["connection"]]).toEqual([200, "close"]);
  });

  it("refuses work under pressure, and stays live", async () => {
    const app = start({ pressure: { maxHeapUsedBytes: 1, sampleInterval: 10 } });
    await app.ready();
    await until("pressure", () => app.isUnderPressure());
    const ready = await app.inject("/health/ready");
    expect([ready.statusCode, ready.json()]).toEqual([503, { status: "overloaded" }]);
    const refused = await app.inject("/");
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([503, "10"]);
    expect((await app.inject("/health/live")).statusCode).toBe(200);
  });
});

describe("GET /openapi.json", () => {
  it("describes every route but itself", async () => {
    const response = await start().inject("/openapi.json");
    expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
    const document = response.json();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths).sort()).toEqual(["/", "/health/live", "/health/ready"]);
    const { schema } = document.paths["/"].get.responses["200"].content["application/json"];
    expect(schema.required).toEqual(["service", "environment", "greeting", "instance", "startedAt", "requestId"]);
  });
});

describe("metrics", () => {
  it("are served by a server of their own and count requests by the route's pattern", async () => {
    const metrics = createMetrics({ service: "backend" });
    const app = start({ metrics });
    const metricsServer = buildMetricsServer(metrics);
    open.push(metricsServer);
    await app.inject("/");
    await app.inject("/no/such/path");
    // Counted when the reply has been sent, which is after `inject` has it.
    const counts = async (): Promise<string[]> => {
      const { body } = await metricsServer.inject("/metrics");
      return body.split("\n").filter((line) => /^http_request_duration_seconds_count|^nodejs_version_info/.test(line));
    };
    await until("both requests to be counted", async () => (await counts()).length === 3);
    expect(await counts()).toEqual([
      'http_request_duration_seconds_count{service="backend",method="GET",route="/",status="200"} 1',
      'http_request_duration_seconds_count{service="backend",method="GET",route="none",status="404"} 1',
      expect.stringMatching(/^nodejs_version_info/),
    ]);
    expect((await app.inject("/metrics")).statusCode).toBe(404);
  });
});

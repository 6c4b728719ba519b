import { STATUS_CODES } from "node:http";
import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";
import { headers } from "./headers";
import { createHttpServer } from "./http-server";

export interface Metrics {
  readonly registry: Registry;
  readonly requests: Histogram<"method" | "route" | "status">;
  /** Look-ups of the backend that were sent to DNS: ok, none, or why they failed. */
  readonly lookups: Counter<"outcome">;
  /** Requests to an instance of the backend: ok, or why they failed. */
  readonly attempts: Counter<"outcome">;
}

/** A registry of its own for each application, so that two in one process do not share counts. */
export function createMetrics(labels: Record<string, string>): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  const requests = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from receiving a request to the end of the reply",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers: [registry],
  });
  const lookups = new Counter({
    name: "discovery_lookups_total",
    help: "Look-ups of the backend that were sent to DNS",
    labelNames: ["outcome"],
    registers: [registry],
  });
  const attempts = new Counter({
    name: "backend_attempts_total",
    help: "Requests to an instance of the backend, retries included",
    labelNames: ["outcome"],
    registers: [registry],
  });
  return { registry, requests, lookups, attempts };
}

/** Times every request of the application. The label is the route's pattern: paths come from callers and never end. */
export function observeRequests(app: FastifyInstance, metrics: Metrics): void {
  app.addHook("onResponse", (request, reply, done) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? "none", status: reply.statusCode };
    metrics.requests.observe(labels, reply.elapsedTime / 1000);
    done();
  });
}

/** The server of the second port, which is never routed to from outside: `GET /metrics` for Prometheus. */
export function buildMetricsServer(metrics: Metrics): FastifyInstance {
  collectDefaultMetrics({ register: metrics.registry });
  const app = createHttpServer({ headers, errorBody: (status) => `${STATUS_CODES[status]}\n` });
  app.get("/metrics", async (_request, reply) => {
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return app;
}

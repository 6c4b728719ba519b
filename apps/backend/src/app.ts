import { getHeapStatistics } from "node:v8";
import swagger from "@fastify/swagger";
import { type TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import underPressure, { type FastifyUnderPressureOptions } from "@fastify/under-pressure";
import type { FastifyInstance, FastifyServerOptions } from "fastify";
import type { Env } from "./env";
import { headers } from "./headers";
import { createHttpServer } from "./http-server";
import { createMetrics, observeRequests, type Metrics } from "./metrics";
import { errorBody } from "./routes/errors";
import { health } from "./routes/health";
import { values } from "./routes/values";
import type { HttpTimeouts } from "./timeouts";

export interface BuildOptions {
  readonly env: Env;
  /** Default: no log. */
  readonly logger?: FastifyServerOptions["logger"];
  /** Default: a registry of its own. */
  readonly metrics?: Metrics;
  /** When to refuse work. Default: an event loop late by three seconds (whoever asks waits rather than is refused), or nine tenths of the heap's limit. */
  readonly pressure?: FastifyUnderPressureOptions;
  /** Default: those of timeouts.ts. */
  readonly timeouts?: Partial<HttpTimeouts>;
}

/** The application, not yet listening: `inject` works on it as it is. */
export function build(options: BuildOptions): FastifyInstance {
  const { env, metrics = createMetrics({ service: "backend" }) } = options;
  const pressure = options.pressure ?? {
    maxEventLoopDelay: 3000,
    // Longer than that: an interval in which the loop never came round counts as late without end, and a pause of a second is no overload.
    sampleInterval: 4000,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * 0.9,
    retryAfter: 1,
  };
  const app = createHttpServer({
    logger: options.logger,
    headers,
    errorBody,
    timeouts: options.timeouts,
  }).withTypeProvider<TypeBoxTypeProvider>();

  observeRequests(app, metrics);

  app.register(underPressure, pressure);
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "backend", description: "Values from the environment of one instance", version: "1.0.0" },
    },
  });
  app.register(health);
  app.register(values, { env });
  app.register(async (api) => {
    let document: string | undefined;
    api.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => {
      // Written out once: it stays as it is, and takes longer to write than all the rest of a request.
      document ??= JSON.stringify(app.swagger());
      void reply.type("application/json; charset=utf-8").send(document);
    });
  });
  return app;
}

import { getHeapStatistics } from "node:v8";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import underPressure, { type FastifyUnderPressureOptions } from "@fastify/under-pressure";
import view from "@fastify/view";
import { Eta } from "eta";
import type { FastifyInstance, FastifyServerOptions } from "fastify";
import { BackendClient } from "./backend-client";
import { Discovery } from "./discovery/discovery";
import { srvLookup, type Lookup } from "./discovery/srv";
import type { Env } from "./env";
import { headers } from "./headers";
import { createHttpServer } from "./http-server";
import { createMetrics, observeRequests, type Metrics } from "./metrics";
import { viewsFolder } from "./page";
import { errorBody } from "./routes/errors";
import { health } from "./routes/health";
import { page } from "./routes/page";
import { timeouts, type HttpTimeouts } from "./timeouts";

export interface BuildOptions {
  readonly env: Env;
  /** Default: no log. */
  readonly logger?: FastifyServerOptions["logger"];
  /** Default: a registry of its own. */
  readonly metrics?: Metrics;
  /** When to refuse work. Default: an event loop late by three seconds (whoever asks waits rather than is refused), or nine tenths of the heap's limit. */
  readonly pressure?: FastifyUnderPressureOptions;
  /** Default: SRV records of the environment's name servers. */
  readonly lookup?: Lookup;
  /** Default: those of timeouts.ts. */
  readonly timeouts?: Partial<HttpTimeouts>;
}

/** The application, not yet listening: `inject` works on it as it is. */
export function build(options: BuildOptions): FastifyInstance {
  const { env, metrics = createMetrics({ service: "frontend" }) } = options;
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

  const servers = env.DNS_SERVERS.split(",").filter((server) => server !== "");
  const name = `${env.BACKEND_SERVICE}.service.${env.CONSUL_DOMAIN}`;
  const lookup = options.lookup ?? srvLookup({ servers, timeoutMs: timeouts.dnsTry });
  const discovery = new Discovery({ name, lookup, onLookup: (outcome) => metrics.lookups.inc({ outcome }) });
  const client = new BackendClient({
    discovery,
    host: env.NOMAD_HOST_ADDR_http.replace(/:\d+$/, ""),
    onAttempt: (outcome) => metrics.attempts.inc({ outcome }),
  });
  app.addHook("onClose", () => client.close());

  app.register(underPressure, pressure);
  app.register(view, {
    engine: { eta: new Eta({ views: viewsFolder, autoEscape: true, cache: true }) },
    root: viewsFolder,
  });
  app.register(health, { discovery });
  app.register(page, { env, client, name, timeoutMs: options.timeouts?.handler ?? timeouts.handler });
  return app;
}

import closeWithGrace from "close-with-grace";
import { build } from "./app";
import { EnvError, readEnv, type Env } from "./env";
import { logStream } from "./log-stream";
import { buildMetricsServer, createMetrics } from "./metrics";
import { timeouts } from "./timeouts";

async function main(): Promise<void> {
  const env = environment();
  const metrics = createMetrics({ service: "backend" });
  const base = { service: "backend", environment: env.ENVIRONMENT, instance: env.NOMAD_ALLOC_ID };
  const app = build({ env, metrics, logger: { level: env.LOG_LEVEL, base, stream: logStream() } });
  const metricsServer = buildMetricsServer(metrics);

  closeWithGrace({ delay: timeouts.close, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal(err, "closing after an error");
    else app.log.info({ signal }, "closing");
    app.drain();
    await app.close();
    await metricsServer.close();
  });

  await metricsServer.listen({ host: env.HOST, port: env.METRICS_PORT });
  await app.listen({ host: env.HOST, port: env.PORT });
}

function environment(): Env {
  try {
    return readEnv(process.env);
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    // Plain text: it is read by a person in the allocation's log.
    process.stderr.write(`backend cannot start: its environment is wrong\n${error.message}\n`);
    process.exit(1);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`backend cannot start: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

/**
 * Bare Fastify, from the very package that the apps use. Answers each path of ROUTES with the bytes that stand there.
 *
 *   PORT, LOG_LEVEL ("silent" for no logger at all), ROUTES: JSON of path to { type, body, logLevel? }
 */
const { default: Fastify } = require("../../apps/backend/node_modules/fastify");
const { RequestLog } = require("../../apps/backend/.build/request-log.js");

const { PORT, LOG_LEVEL, ROUTES } = process.env;
const app = Fastify({
  logger: LOG_LEVEL === "silent" ? false : { level: LOG_LEVEL },
  // The app's: one line a request, where Fastify by itself writes two.
  logController: new RequestLog(),
});
for (const [path, { type, body, logLevel }] of Object.entries(JSON.parse(ROUTES))) {
  app.get(path, { logLevel }, async (_request, reply) => reply.type(type).send(body));
}
void app.listen({ host: "127.0.0.1", port: Number(PORT) });

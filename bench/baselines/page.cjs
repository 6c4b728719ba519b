/**
 * What the frontend would be with bare Fastify, undici and Eta from its own packages: asks one backend, at an address that is given, and
 * shows its values by the frontend's template. It has no discovery, second attempt, time limit, check of what it gets, metrics or headers.
 *
 *   PORT, LOG_LEVEL ("silent" for no logger at all), BACKEND: address:port, CLIENT: "request" or "fetch" of undici; and the frontend's own
 */
const { default: Fastify } = require("../../apps/frontend/node_modules/fastify");
const { fetch, request } = require("../../apps/frontend/node_modules/undici");
const { Eta } = require("../../apps/frontend/node_modules/eta");
const { RequestLog } = require("../../apps/frontend/.build/request-log.js");
const { readEnv } = require("../../apps/frontend/.build/env.js");
const { pageModel, viewsFolder } = require("../../apps/frontend/.build/page.js");

const { BACKEND, CLIENT } = process.env;
const env = readEnv(process.env);
const [address, port] = BACKEND.split(":");
const instance = { address, port: Number(port) };
const discovery = { source: "cached", ageMs: 0, instances: [instance] };
const values =
  CLIENT === "fetch"
    ? async () => (await fetch(`http://${BACKEND}/`)).json()
    : async () => (await request(`http://${BACKEND}/`)).body.json();

const app = Fastify({
  logger: env.LOG_LEVEL === "silent" ? false : { level: env.LOG_LEVEL },
  logController: new RequestLog(),
});
const eta = new Eta({ views: viewsFolder, autoEscape: true, cache: true });
app.get("/", async ({ id: requestId }, reply) => {
  const result = { outcome: "answered", values: await values(), instance, discovery, failures: [] };
  const model = pageModel({ env, requestId, name: "backend.service.consul", result, isCooling: () => false });
  return reply.type("text/html; charset=utf-8").send(eta.render("page.eta", model));
});
app.get("/health/ready", { logLevel: "warn" }, async () => ({ status: "ok" }));
void app.listen({ host: env.HOST, port: env.PORT });

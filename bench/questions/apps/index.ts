import { buildApps, startApp } from "../../apps";
import { bars } from "../../bars";
import { ensureWrk } from "../../load";
import { goalOf, type Answer, type Bench, type Question } from "../../question";
import { startRegistry } from "../../registry";
import { compareLives } from "./lives";
import { comparePage } from "./page";
import { compareRoutes, type Route } from "./routes";

/** Asked each second, and so kept out of the log. */
const health: readonly Route[] = [
  { path: "/health/ready", logLevel: "warn" },
  { path: "/health/live", logLevel: "warn" },
];

async function ask(bench: Bench): Promise<Answer> {
  await ensureWrk(bench.say);
  await buildApps();
  const registry = await startRegistry(bench.programs);
  const backend = await startApp(bench.programs, "backend");
  await registry.register({
    ...{ name: "backend", id: "backend", port: backend.port, check: `${backend.url}/health/ready` },
  });
  const env = { DNS_SERVERS: registry.dns };
  const frontend = await startApp(bench.programs, "frontend", { env });
  const lines = [
    ...(await compareRoutes(bench, {
      ...{ app: "backend", running: backend },
      routes: [{ path: "/" }, ...(bench.short ? [] : [{ path: "/openapi.json" }, ...health])],
      goal: goalOf(bench, "atLeast", 0.85),
    })),
    ...(await comparePage(bench, frontend, backend)),
    ...(bench.short ? [] : await compareRoutes(bench, { app: "frontend", running: frontend, routes: health })),
    ...(await compareLives(bench, [
      { name: "backend", app: "backend", options: {}, isOurs: true },
      { name: "frontend", app: "frontend", options: { env }, isOurs: true },
      {
        ...{ name: "bare Fastify", app: "backend", isOurs: false },
        options: { entry: "bench/baselines/fastify.cjs", env: { LOG_LEVEL: "info", ROUTES: JSON.stringify(BARE) } },
      },
    ])),
  ];
  const compared = lines.filter(({ unit }) => unit !== "");
  return {
    lines,
    charts: [{ file: "apps", spec: bars("What do the apps cost?", compared) }],
    notes: [
      "All run on the same Node.js, with the packages of the apps. The apps log each request, as they do on the cluster, to a file here; so what their goals are measured against logs the same lines (one by one, as Fastify does by itself; the apps write several at a time)",
      "bare servers answer a constant of the same bytes and content type, without the apps' headers, metrics, limits and checks",
    ],
  };
}

/** Something to answer, for the sake of its start and memory. */
const BARE = Object.fromEntries(["/", "/health/ready"].map((path) => [path, { type: "text/plain", body: "ok" }]));

export const apps: Question = { name: "apps", title: "What do the apps cost?", short: true, ask };

import { startApp, type App, type RunningApp } from "../../apps";
import type { Bench, Goal, Line } from "../../question";
import { contest } from "./contest";

/** A route, and the level of its log in the app where that is not the app's own. */
export interface Route {
  readonly path: string;
  readonly logLevel?: "warn";
}

export interface Routes {
  readonly app: App;
  readonly running: RunningApp;
  readonly routes: readonly Route[];
  /** Of a bare Fastify's throughput with the same log. */
  readonly goal?: Goal;
}

/** Each route of an app against servers that answer the same bytes without having to make them. */
export async function compareRoutes(bench: Bench, { app, running, routes, goal }: Routes): Promise<Line[]> {
  const answers = await Promise.all(
    // By the readiness check all are found to have started, whether or not it is measured.
    [{ path: "/health/ready", logLevel: "warn" }, ...routes].map(async ({ path, logLevel }) => [
      path,
      { ...(await bytesOf(running.url + path)), logLevel },
    ]),
  );
  const ROUTES = JSON.stringify(Object.fromEntries(answers));
  const bare = (name: string, file: string, LOG_LEVEL: string) =>
    startApp(bench.programs, app, {
      name: `${app}-${name}`,
      entry: `bench/baselines/${file}.cjs`,
      env: { ROUTES, LOG_LEVEL },
    });
  const logging = await bare("bare-fastify", "fastify", "info");
  const silent = await bare("silent-fastify", "fastify", "silent");
  const http = await bare("node-http", "http", "silent");
  const lines: Line[] = [];
  for (const { path } of routes) {
    const what = `${app} ${path}`;
    const against = [
      { name: "bare Fastify with the same log", url: logging.url + path, goal },
      { name: "bare Fastify without a log", url: silent.url + path },
      { name: "Node's http without a log", url: http.url + path },
    ];
    bench.say(what);
    lines.push(...(await contest(bench, { what, url: running.url + path, against })));
  }
  await Promise.all([logging, silent, http].map((each) => each.stop()));
  return lines;
}

async function bytesOf(url: string): Promise<{ readonly type: string; readonly body: string }> {
  const response = await fetch(url);
  return { type: response.headers.get("content-type")!, body: await response.text() };
}

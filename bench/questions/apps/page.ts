import { startApp, type RunningApp } from "../../apps";
import { goalOf, type Bench, type Line } from "../../question";
import { contest } from "./contest";

/** The page, which asks a backend for each request, against the same page by bare Fastify, undici and Eta. */
export async function comparePage(bench: Bench, frontend: RunningApp, backend: RunningApp): Promise<Line[]> {
  const bare = (CLIENT: "request" | "fetch", LOG_LEVEL: "info" | "silent") =>
    startApp(bench.programs, "frontend", {
      name: `page-${CLIENT}-${LOG_LEVEL}`,
      entry: "bench/baselines/page.cjs",
      env: { BACKEND: `127.0.0.1:${backend.port}`, CLIENT, LOG_LEVEL },
    });
  const fetching = await bare("fetch", "info");
  const requesting = await bare("request", "info");
  const silent = await bare("request", "silent");
  const goal = goalOf(bench, "atLeast", 0.9);
  const against = [
    { name: "bare Fastify with undici's fetch, Eta and the same log", url: fetching.url, goal },
    { name: "bare Fastify with undici's request, Eta and the same log", url: requesting.url },
    { name: "bare Fastify with undici's request and Eta, without a log", url: silent.url },
  ];
  bench.say("frontend /");
  const lines = await contest(bench, { what: "frontend /", url: frontend.url, against });
  await Promise.all([fetching, requesting, silent].map((each) => each.stop()));
  return lines;
}

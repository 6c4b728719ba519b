import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort, type Programs, type Running } from "./programs";

export type App = "backend" | "frontend";

/** An app of this project as a process, with the environment that its job file gives it, on loopback. */
export interface RunningApp extends Running {
  /** Without a path. */
  readonly url: string;
  readonly port: number;
  /** Its metrics, in Prometheus' format. */
  metrics(): Promise<string>;
}

let built: Promise<unknown> | undefined;

/** Compiles the apps, as their images do, and each of their modules for baselines; once, whichever questions ask for it. */
export async function buildApps(): Promise<void> {
  built ??= Promise.all(
    ["backend", "frontend"].flatMap((app) =>
      ["build", "modules"].map((script) => promisify(execFile)("npm", ["--prefix", `apps/${app}`, "run", script])),
    ),
  );
  await built;
}

export interface AppOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the app's own server. */
  readonly entry?: string;
  /** For the log's name, where several of one app run. */
  readonly name?: string;
}

/** Resolves when it answers its readiness check. */
export async function startApp(programs: Programs, app: App, options: AppOptions = {}): Promise<RunningApp> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const own: Readonly<Record<string, string>> =
    app === "backend" ? { GREETING: "Hello from the backend" } : { TITLE: "Frontend" };
  const env = {
    ...{ NODE_ENV: "production", ENVIRONMENT: "bench", HOST: "127.0.0.1", NOMAD_HOST_ADDR_http: `127.0.0.1:${port}` },
    ...{
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      NODE_NAME: "bench",
      NODE_OPTIONS: "--max-old-space-size=64 --max-semi-space-size=4",
      NOMAD_ALLOC_ID: options.name ?? app,
    },
    ...own,
    ...options.env,
  };
  const entry = options.entry ?? `apps/${app}/dist/server.js`;
  const ready = () => answered(`${url}/health/ready`);
  const running = await programs.start(options.name ?? app, process.execPath, [entry], { env, ready });
  return { ...running, url, port, metrics: () => answered(`http://127.0.0.1:${metricsPort}/metrics`) };
}

/** The text of an answer of status 200; throws for any other. */
export async function answered(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text.slice(0, 200)}`);
  return text;
}

/** Measures a first preview by the real engine, with this project's providers: `preview.ts <services> <workers> <address of an AWS API>`. */
import { rmSync } from "node:fs";
import { runEngine, stackFolder } from "../../local/engine";
import { finish } from "./fresh-process";
import { programOf } from "./program";

const STACK = "growth";

async function main([services, workers, endpoint]: readonly string[]): Promise<void> {
  const started = performance.now();
  const { changes } = await runEngine("preview", {
    stack: STACK,
    endpoint: endpoint!,
    config: { "cluster:workerPools[0].desired": workers!, "cluster:workerPools[0].max": workers! },
    program: () => Promise.resolve(programOf(Number(services))),
    log: () => undefined,
  }).finally(() => rmSync(stackFolder(STACK), { recursive: true, force: true }));
  finish({ ms: performance.now() - started, resources: changes["create"]! });
}

void main(process.argv.slice(2));

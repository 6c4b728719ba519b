/** Measures the program under mocks that answer at once, as in a first preview: `mocks.ts <services> <workers>`. */
import * as pulumi from "@pulumi/pulumi";
import { RecordingMocks, settle } from "../../tests/program/recording-mocks";
import { stackConfig } from "../../tests/program/run-program";
import { finish } from "./fresh-process";
import { programOf } from "./program";

/** Pulumi tells nobody when the last registration was. */
class ClockedMocks extends RecordingMocks {
  lastAt = 0;
  override newResource(args: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult {
    this.lastAt = performance.now();
    return super.newResource(args);
  }
}

async function main([services, workers]: readonly string[]): Promise<void> {
  const pool = { name: "workers", edge: true, min: 2, desired: Number(workers), max: Number(workers) };
  pulumi.runtime.setAllConfig(stackConfig("local", { "cluster:workerPools": [pool] }));
  const mocks = new ClockedMocks("preview");
  await pulumi.runtime.setMocks(mocks, "cluster", "local", true);
  const started = performance.now();
  await pulumi.runtime.runInPulumiStack(() => Promise.resolve(programOf(Number(services))));
  await settle(mocks);
  finish({ ms: mocks.lastAt - started, resources: mocks.registrations.length });
}

void main(process.argv.slice(2));

import { isUnknown } from "@pulumi/pulumi/output";
import type { RecordingMocks } from "./recording-mocks";
import { PROD_COUNTS } from "./resource-counts";
import { type ProgramRun, PROGRAM_TIMEOUT_MS, runProgram } from "./run-program";

/** Where an output does not become known, nothing is ever called back: silence for this long counts. */
const SILENCE_MS = 50;

describe("a first preview, in which no id is known", () => {
  let run: ProgramRun;
  let mocks: RecordingMocks;
  beforeAll(async () => {
    run = await runProgram("prod", "preview");
    mocks = run.mocks;
  }, PROGRAM_TIMEOUT_MS);

  it("registers every resource that an update would", () => {
    expect(mocks.counts()).toEqual(PROD_COUNTS);
  });

  it("leaves job specifications unknown, as their images are", () => {
    for (const { inputs } of Object.values(mocks.ofType("nomad:index/job:Job"))) {
      expect(isUnknown(inputs.jobspec)).toBe(true);
      expect(isUnknown(inputs.hcl2.vars.image)).toBe(true);
    }
  });

  it("leaves the providers' addresses unknown", () => {
    expect(isUnknown(mocks.ofType("pulumi:providers:nomad")["nomad"]!.inputs.address)).toBe(true);
    expect(isUnknown(mocks.ofType("pulumi:providers:consul")["consul"]!.inputs.address)).toBe(true);
  });

  it("neither waits for the cluster nor asks for the page", async () => {
    const known: string[] = [];
    run.outputs.nomadAddress.apply((address) => known.push(address));
    run.outputs.url.apply((address) => known.push(address));
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
    expect(known).toEqual([]);
  });
});

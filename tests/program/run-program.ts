import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { Host } from "../../components/host-inventory";
import { type RecordingMocks, settle, startMocks } from "./recording-mocks";

export type Stack = "dev" | "prod" | "local";

/** Loading @pulumi/aws takes seconds on a busy machine. */
export const PROGRAM_TIMEOUT_MS = 60_000;

export interface ProgramRun {
  readonly mocks: RecordingMocks;
  /** The program's exports. */
  readonly outputs: typeof import("../../index");
  /** The configuration that it ran with, under full names. */
  readonly config: Readonly<Record<string, string>>;
}

/**
 * Runs the whole program once for a stack, with that stack's own file and the project's defaults, as the engine would, against
 * a cluster that answers at once. Pulumi keeps its settings in the test file's globals, so a test file runs one program.
 */
export async function runProgram(
  stack: Stack,
  mode: "up" | "preview",
  changes: Readonly<Record<string, unknown>> = {},
): Promise<ProgramRun> {
  const config = stackConfig(stack, changes);
  // What the machine needs to reach package registries is no part of the program.
  delete process.env.NODE_EXTRA_CA_CERTS;
  delete process.env.SSL_CERT_FILE;
  pulumi.runtime.setAllConfig(config);
  const mocks = await startMocks(mode, stack);
  pretendClusterAnswers(mode);
  let outputs: ProgramRun["outputs"] | undefined;
  await pulumi.runtime.runInPulumiStack(() => {
    // Only now: the program reads its configuration when it is loaded.
    outputs = jest.requireActual<ProgramRun["outputs"]>("../../index");
    return Promise.resolve({ ...outputs });
  });
  await settle(mocks);
  return { mocks, outputs: outputs!, config };
}

/** Configuration as it reaches the program: texts, under full names. */
export function stackConfig(stack: Stack, changes: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const project = readYaml("Pulumi.yaml") as { config: Record<string, { default?: unknown }> };
  const own = (readYaml(`Pulumi.${stack}.yaml`) as { config: Record<string, unknown> }).config;
  const defaults = Object.entries(project.config)
    .filter(([, { default: value }]) => value !== undefined)
    .map(([key, { default: value }]) => [`cluster:${key}`, value]);
  const values = { ...Object.fromEntries(defaults), ...own, ...changes } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function readYaml(file: string): unknown {
  return parse(readFileSync(path.resolve(file), "utf8"));
}

/** The three doors to the network that the program has, with a healthy cluster behind them; in a preview they are shut. */
function pretendClusterAnswers(mode: "up" | "preview"): void {
  const workers: Host[] = Array.from({ length: 9 }, (_, index) => ({
    id: `i-${index}`,
    name: `worker-${index}`,
    role: "worker",
    privateIp: `10.42.128.${index}`,
    instanceType: "t3.small",
    state: "running",
  }));
  const open = <T>(answer: T) => {
    if (mode === "preview") throw new Error("a preview must not ask the network");
    return Promise.resolve(answer);
  };
  jest.doMock("../../components/host-inventory", () => ({
    ...jest.requireActual<object>("../../components/host-inventory"),
    createHostInventory: () => ({
      list: () => open(workers),
      lastBootStep: () => open({ state: "done", words: "" }),
      close: () => undefined,
    }),
  }));
  jest.doMock("../../components/consul-client", () => ({
    readConsul: () => open({ leader: "10.42.0.10:8300", peers: 5, healthyServers: 5 }),
  }));
  jest.doMock("../../components/nomad-client", () => ({
    readNomad: () =>
      open({
        leader: "10.42.0.10:4647",
        aliveServers: 5,
        readyWorkers: new Set(workers.map((host) => host.privateIp)),
      }),
  }));
  jest.doMock("../../components/page-client", () => ({
    fetchPage: () => {
      const { greeting } = JSON.parse(pulumi.runtime.allConfig()["cluster:backend"]!) as { greeting: string };
      return open({ status: 200, body: `<html><body><p>${greeting}</p></body></html>` });
    },
  }));
}

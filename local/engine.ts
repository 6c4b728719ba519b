import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as automation from "@pulumi/pulumi/automation";
import { enginePath } from "../engines/find";
import { operator } from "./cloud/sessions";
import { hasPendingOperations, Journal, recover, releaseStaleLock, repairState } from "./engine-recovery";
import { Progress } from "./engine-progress";
import { startProviders } from "./providers";

export interface EngineOptions {
  readonly stack: string;
  /** Of the cloud's AWS API. */
  readonly endpoint: string;
  /** Set over what the stack's file has: paths of keys, and values. The next run starts from the file again. */
  readonly config?: Readonly<Record<string, string>>;
  /** Patterns of URNs: nothing else is changed. Default: everything may be. */
  readonly targets?: readonly string[];
  /** What it gives out are the stack's outputs. Default: the project's own. */
  readonly program?: automation.PulumiFn;
  /** Where lines of progress go. */
  log(line: string): void;
  /** Aborted to cancel: the engine finishes what it is at, records it and unlocks the state. */
  readonly signal?: AbortSignal;
}

export interface EngineResult {
  /** Of `up`; other commands give none. */
  readonly outputs: automation.OutputMap;
  /** Counts by operation: { create: 3, same: 97 }. */
  readonly changes: Readonly<Record<string, number>>;
}

type Command = "up" | "preview" | "destroy" | "refresh";

/** Everything that a stack keeps on disk. */
export const stackFolder = (stack: string): string => path.resolve(".local", stack);
const stateFolder = (stack: string): string => path.join(stackFolder(stack), "state");

/** Whether an earlier run left a state for this stack. */
export const hasState = (stack: string): boolean => existsSync(stateFolder(stack));

/** Forgets the state: for when the cloud that it describes is gone. */
export const dropState = (stack: string): void => rmSync(stateFolder(stack), { recursive: true, force: true });

/** Random, made once, readable by this user only: it encrypts the secrets in the state. */
function passphrase(stack: string): string {
  const file = path.join(stackFolder(stack), "passphrase");
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString("hex"), { mode: 0o600 });
  chmodSync(file, 0o600);
  return readFileSync(file, "utf8");
}

/** The configuration file of a stack: its own where the project has one, else that of the stack `local`. */
function configFile(stack: string): string {
  const own = path.resolve(`Pulumi.${stack}.yaml`);
  return existsSync(own) ? own : path.resolve("Pulumi.local.yaml");
}

const projectFolder = (stack: string): string => path.join(stackFolder(stack), "project");
const settingsCopy = (stack: string): string => path.join(projectFolder(stack), `Pulumi.${stack}.yaml`);

/**
 * Copies of the project's files, because the engine writes into them. The salt that it wrote stays: with another one it would
 * encrypt every secret anew.
 */
function writeProject(stack: string): void {
  const folder = projectFolder(stack);
  mkdirSync(folder, { recursive: true });
  const copy = settingsCopy(stack);
  const salt = existsSync(copy) ? /^encryptionsalt:.*$/m.exec(readFileSync(copy, "utf8"))?.[0] : undefined;
  const text = withOwnAddresses(stack, readFileSync(configFile(stack), "utf8").trimEnd());
  writeFileSync(copy, salt ? `${salt}\n${text}\n` : `${text}\n`);
  writeFileSync(path.join(folder, "Pulumi.yaml"), readFileSync(path.resolve("Pulumi.yaml"), "utf8"));
}

/** A further stack of the same configuration gets a VPC of its own, for networks of one machine cannot overlap. */
export function withOwnAddresses(stack: string, config: string): string {
  if (stack === "local" || /^\s*cluster:vpcCidr:/m.test(config)) return config;
  const second = 64 + (createHash("sha256").update(stack).digest()[0]! % 128);
  return config.replace(/^config:$/m, `config:\n  cluster:vpcCidr: 10.${second}.0.0/16`);
}

const configured = (file: string, key: string): string | undefined =>
  new RegExp(`^\\s*${key}:\\s*["']?([^"'\\s#]+)`, "m").exec(readFileSync(file, "utf8"))?.[1];

/** The region that the stack is configured for. */
export const regionOf = (stack: string): string => configured(configFile(stack), "aws:region") ?? "eu-west-1";

const projectName = (): string => {
  const name = configured(path.resolve("Pulumi.yaml"), "name");
  if (!name) throw new Error("Pulumi.yaml: expected a project name; is this the project's root folder?");
  return name;
};

/** What any AWS client on this machine needs to talk to the cloud of a stack. */
export const awsEnvironment = (stack: string, endpoint: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: operator.accessKeyId,
  AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
  AWS_REGION: regionOf(stack),
  AWS_DEFAULT_REGION: regionOf(stack),
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
});

/** The project's program, in this process; its exports are the stack's outputs. */
const ownProgram = async (): Promise<Record<string, unknown>> => ({ ...(await import("../index.js")) });

/** What the last `up` gave out, secrets included. It may be asked while another run is under way, whose settings stay as they are. */
export async function readOutputs(stackName: string): Promise<automation.OutputMap> {
  process.env["PATH"] = `${path.dirname(enginePath("pulumi"))}${path.delimiter}${process.env["PATH"]}`;
  if (!existsSync(settingsCopy(stackName))) writeProject(stackName);
  const stack = await selectStack(stackName, {});
  return stack.outputs();
}

const selectStack = (
  stackName: string,
  envVars: Record<string, string>,
  program: automation.PulumiFn = ownProgram,
): Promise<automation.Stack> =>
  automation.LocalWorkspace.createOrSelectStack(
    { stackName, projectName: projectName(), program },
    {
      workDir: projectFolder(stackName),
      pulumiHome: path.join(stackFolder(stackName), "home"),
      envVars: {
        PULUMI_BACKEND_URL: `file://${stateFolder(stackName)}`,
        PULUMI_CONFIG_PASSPHRASE: passphrase(stackName),
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_SKIP_CHECKPOINTS: "false",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "false",
        ...envVars,
      },
    },
  );

/** Runs one command of the engine on the program, with the local providers attached. Rejects with the engine's own errors. */
export async function runEngine(command: Command, options: EngineOptions): Promise<EngineResult> {
  const { stack: stackName, endpoint, config = {}, log, signal } = options;
  mkdirSync(stateFolder(stackName), { recursive: true, mode: 0o700 });
  // The program and the providers run in this process, and read the cloud's address as any AWS client does.
  for (const name of ["AWS_PROFILE", "AWS_SESSION_TOKEN"]) delete process.env[name];
  Object.assign(process.env, awsEnvironment(stackName, endpoint));
  // The Automation API asks the engine on PATH for its version before it reads any setting.
  process.env["PATH"] = `${path.dirname(enginePath("pulumi"))}${path.delimiter}${process.env["PATH"]}`;
  const journal = new Journal(path.join(stackFolder(stackName), "created.jsonl"));
  repairState(stateFolder(stackName), projectName(), stackName, log);
  const providers = await startProviders(journal.note);
  try {
    const attached = { PULUMI_DEBUG_PROVIDERS: providers.attach, ...awsEnvironment(stackName, endpoint) };
    writeProject(stackName);
    const stack = await selectStack(stackName, attached, options.program);
    const settings = Object.entries(config).map(([key, value]) => [key, { value }] as const);
    if (settings.length > 0) await stack.setAllConfig(Object.fromEntries(settings), true);
    await releaseStaleLock(stack, stateFolder(stackName), log);
    if (command !== "preview") {
      if (hasPendingOperations(stateFolder(stackName), projectName(), stackName)) await recover(stack, journal, log);
      journal.clear();
    }
    return await run(stack, command, { log, signal, targets: options.targets });
  } finally {
    providers.stop();
  }
}

async function run(
  stack: automation.Stack,
  command: Command,
  { log, signal, targets = [] }: Pick<EngineOptions, "log" | "signal" | "targets">,
): Promise<EngineResult> {
  const progress = new Progress(command === "preview", log);
  const common = { color: "never" as const, onEvent: progress.take, signal, suppressProgress: true };
  try {
    const options = targets.length > 0 ? { ...common, target: [...targets] } : common;
    const outputs = command === "up" ? (await stack.up(options)).outputs : {};
    if (command !== "up") await stack[command](options);
    return { outputs, changes: progress.changes };
  } catch (error) {
    throw progress.explain(error, command);
  } finally {
    progress.stop();
  }
}

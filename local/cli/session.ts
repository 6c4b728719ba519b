import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureEngines } from "../../engines/find";
import { cloudStatus, startCloud, stopCloud, type CloudAddress } from "../cloud/container";
import { ensureDocker } from "../docker-engine";
import { dropState, hasState, readOutputs, runEngine, stackFolder } from "../engine";
import { engine } from "../images/docker";
import { ensureImages } from "../images";

export interface Session {
  readonly stack: string;
  /** Set for this run, over what the stack's file has. */
  readonly config: Readonly<Record<string, string>>;
  /** Patterns of URNs: nothing else is changed. None: everything may be. */
  readonly targets: readonly string[];
  log(line: string): void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Outputs that are no secrets, as the last `up` gave them. */
export type Outputs = Readonly<Record<string, unknown>>;

const label = (stack: string) => ({ label: [`cluster.local=${stack}`] });
const outputsFile = (stack: string) => path.join(stackFolder(stack), "outputs.json");

/** What tells one life of the stack's cloud from the next: the state of its API ends with it. */
async function cloudLife(stack: string): Promise<string> {
  const { Id, State } = await engine.getContainer(`${stack}-cloud`).inspect();
  return `${Id} ${State.StartedAt}`;
}

/** Everything that a run needs: programs, images, Docker, and the stack's cloud. */
async function prepare({ stack, log }: Session): Promise<CloudAddress> {
  await ensureDocker(log);
  await ensureEngines(["pulumi", "nomad", "consul", "traefik"], log);
  await ensureImages(log);
  const cloud = await startCloud({ stack, log });
  const file = path.join(stackFolder(stack), "cloud");
  const life = await cloudLife(stack);
  if (hasState(stack) && (!existsSync(file) || readFileSync(file, "utf8") !== life)) {
    log("the cloud that the stack was built in is gone: its state is dropped, and the stack is built anew");
    dropState(stack);
  }
  mkdirSync(stackFolder(stack), { recursive: true });
  writeFileSync(file, life);
  return cloud;
}

const changed = (changes: Readonly<Record<string, number>>): string => {
  const { same = 0, ...others } = changes;
  const parts = Object.entries(others).filter(([, count]) => count > 0);
  return parts.length === 0
    ? `nothing to change (${same} resources)`
    : `${parts.map(([operation, count]) => `${count} ${operation}`).join(", ")}, ${same} unchanged`;
};

/** Brings the stack up; gives its outputs, without secrets. */
export async function up(session: Session): Promise<Outputs> {
  const started = Date.now();
  const cloud = await prepare(session);
  const { outputs, changes } = await runEngine("up", { ...session, endpoint: cloud.endpoint });
  const open = Object.entries(outputs).filter(([, { secret }]) => !secret);
  const plain: Outputs = Object.fromEntries(open.map(([name, { value }]) => [name, value as unknown]));
  writeFileSync(outputsFile(session.stack), JSON.stringify(plain, undefined, 2));
  session.log(`up: ${changed(changes)}, in ${Math.round((Date.now() - started) / 1000)} s`);
  return plain;
}

export async function preview(session: Session): Promise<void> {
  const cloud = await prepare(session);
  const { changes } = await runEngine("preview", { ...session, endpoint: cloud.endpoint });
  session.log(`preview: ${changed(changes)}`);
}

/** Brings the state in line with what is really there. */
export async function refresh(session: Session): Promise<void> {
  const cloud = await runningCloud(session.stack);
  const { changes } = await runEngine("refresh", { ...session, endpoint: cloud.endpoint });
  session.log(`refresh: ${changed(changes)}`);
}

/** Takes the stack down by the engine, then its cloud and everything else that carries its name; fails when anything is left. */
export async function destroy(session: Session, options: { readonly force: boolean }): Promise<void> {
  const { stack, log } = session;
  await ensureDocker(log);
  const cloud = await cloudStatus(stack);
  if (cloud && hasState(stack) && !options.force) {
    await ensureEngines(["pulumi"], log);
    await runEngine("destroy", { ...session, endpoint: cloud.endpoint }).catch((error: Error) => {
      const remedy = `\`npm run local -- destroy --force --stack ${stack}\` removes everything without the engine`;
      throw new Error(`${error.message}\n${remedy}`, { cause: error });
    });
  }
  await stopCloud({ stack, log });
  rmSync(stackFolder(stack), { recursive: true, force: true });
  const stacks = path.dirname(stackFolder(stack));
  if (existsSync(stacks) && readdirSync(stacks).length === 0) rmSync(stacks, { recursive: true });
  const left = await leftovers(stack);
  if (left.length > 0) throw new Error(`destroy left behind: ${left.join(", ")}`);
  log(`destroy: nothing of stack ${stack} is left`);
}

async function leftovers(stack: string): Promise<string[]> {
  const filters = label(stack);
  const containers = await engine.listContainers({ all: true, filters });
  const networks = await engine.listNetworks({ filters });
  const { Volumes } = await engine.listVolumes({ filters: JSON.stringify(filters) as never });
  return [
    ...containers.map(({ Names }) => `container ${Names[0]?.slice(1)}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(Volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ];
}

/** The stack's cloud; an error with the remedy when it does not run. */
export async function runningCloud(stack: string): Promise<CloudAddress> {
  const cloud = await cloudStatus(stack);
  if (!cloud) throw new Error(`the stack ${stack} is not up: run \`npm run local -- up --stack ${stack}\``);
  return cloud;
}

/** All outputs of the last successful `up`, those that are secrets too. */
export async function secretOutputs(stack: string): Promise<Outputs> {
  if (!hasState(stack)) throw new Error(`the stack ${stack} is not up: run \`npm run local -- up --stack ${stack}\``);
  const outputs = Object.entries(await readOutputs(stack));
  return Object.fromEntries(outputs.map(([name, { value }]) => [name, value as unknown]));
}

/** Outputs of the last successful `up`, without secrets. */
export function savedOutputs(stack: string): Outputs {
  return existsSync(outputsFile(stack)) ? (JSON.parse(readFileSync(outputsFile(stack), "utf8")) as Outputs) : {};
}

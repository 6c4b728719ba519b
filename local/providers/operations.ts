import { randomBytes } from "node:crypto";
import type { Operation, ProviderModel, ResourceModel } from "./model";
import { changes, parseShape, unmodelled, type Change, type Shape } from "./shape";
import { hasUnknown, isObject, secret, UNKNOWN, unwrap, type Props } from "./wire";

/** A resource that exists but did not become ready: kept in the state with what is known of it. */
export class InitializationError extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: Props,
  ) {
    super(message);
  }
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface Autonaming {
  /** Undefined: the provider's own `<name>-<7 hex digits>`; null: the program wants none. */
  readonly proposed?: string | null;
  readonly seed: Uint8Array;
}

/** "Name: message" of an error, with the code where a network error has no message. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: string }).code;
  const message =
    error.message || (error instanceof AggregateError ? error.errors.map(describe).join(", ") : code) || "";
  return ["Error", "AggregateError", "TypeError"].includes(error.name) ? message : `${error.name}: ${message}`;
}

const shapes = new WeakMap<object, Shape>();

/** The parsed arguments of a table entry. */
export function shapeOf(entry: { readonly args: string }): Shape {
  const known = shapes.get(entry);
  if (known) return known;
  const shape = parseShape(entry.args);
  shapes.set(entry, shape);
  return shape;
}

export function resourceModel<C>(provider: ProviderModel<C>, type: string): ResourceModel<C> {
  const model = provider.resources[type];
  if (!model) throw new Error(`${type}: this resource type is not modelled by the local provider`);
  return model;
}

/** Refuses by name what a table entry does not take. */
export function refusals(type: string, shape: Shape, args: Props): CheckFailure[] {
  return unmodelled(shape, args).map((property) => ({
    property,
    reason: `${type}: argument "${property}" is not modelled by the local provider`,
  }));
}

export function check<C>(
  model: ResourceModel<C>,
  context: C,
  { type, name, olds, news, naming }: { type: string; name: string; olds: Props; news: Props; naming: Autonaming },
): { inputs: Props; failures: CheckFailure[] } {
  const failures = refusals(type, shapeOf(model), news);
  if (failures.length > 0) return { inputs: news, failures };
  let inputs: Props = { ...model.defaults, ...news };
  const auto = model.autoname;
  if (auto && inputs[auto.property] === undefined && inputs[`${auto.property}Prefix`] === undefined) {
    const generated = olds[auto.property] ?? generateName(name, auto, naming);
    if (generated !== null) inputs[auto.property] = generated;
  }
  try {
    if (model.normalize) inputs = model.normalize(context, inputs);
  } catch (error) {
    return { inputs, failures: [{ property: "", reason: `${type}: ${describe(error)}` }] };
  }
  return { inputs, failures: [] };
}

function generateName(
  name: string,
  { maxLength, lowercase }: { maxLength: number; lowercase?: boolean },
  { proposed, seed }: Autonaming,
): string | null {
  if (proposed !== undefined) return proposed;
  const suffix = Buffer.from(seed.length > 0 ? seed : randomBytes(8))
    .toString("hex")
    .slice(0, 7);
  const text = `${name.slice(0, maxLength - 8)}-${suffix}`;
  return lowercase ? text.toLowerCase() : text;
}

export interface Difference {
  readonly changes: readonly Change[];
  readonly deleteBeforeReplace: boolean;
}

/** `state`: the outputs of the last operation, where the engine knows them. */
export function diff<C>(model: ResourceModel<C>, olds: Props, news: Props, state: Props = {}): Difference {
  const found: Change[] = changes(shapeOf(model), olds, news)
    .filter((change) => !model.ignores?.(change.path, news))
    .map((change) => ({
      ...change,
      replaces: change.replaces || !model.update || (model.replaces?.(change.path, news, olds) ?? false),
    }));
  for (const path of model.outdated?.(state, news) ?? [])
    found.push({ path, kind: "update", replaces: true, isOutput: true });
  // Two resources cannot hold one name, so a name that stays must be given up before it is taken again.
  const property = model.autoname?.property;
  const sameName = property !== undefined && olds[property] !== undefined && olds[property] === news[property];
  const replaces = found.some((change) => change.replaces);
  return { changes: found, deleteBeforeReplace: replaces && (model.deleteBeforeReplace === true || sameName) };
}

/** Outputs as far as a preview knows them. */
export function previewUpdate<C>(model: ResourceModel<C>, state: Props, olds: Props, news: Props): Props {
  const changed = changedArguments(model, olds, news);
  const kept = Object.entries(state).filter(([key]) => !(key in olds) || key in news);
  const outputs: Props = { ...Object.fromEntries(kept), ...news };
  for (const [output, causes] of Object.entries(model.volatile ?? {})) {
    if (causes.includes("*") ? changed.size > 0 : causes.some((cause) => changed.has(cause))) outputs[output] = UNKNOWN;
  }
  return outputs;
}

export const changedArguments = <C>(model: ResourceModel<C>, olds: Props, news: Props): Set<string> =>
  new Set(changes(shapeOf(model), olds, news).map((change) => change.path.split(/[.[]/)[0]!));

const outputsOf = <C>(model: ResourceModel<C>, inputs: Props, computed: Props): Props => {
  const outputs: Props = { ...inputs, ...computed };
  for (const name of model.secretOutputs ?? []) if (outputs[name] !== undefined) outputs[name] = secret(outputs[name]);
  return outputs;
};

export async function create<C>(
  model: ResourceModel<C>,
  context: C,
  inputs: Props,
  operation: Operation,
): Promise<{ id: string; outputs: Props }> {
  let existing: string | undefined;
  const created = (id: string) => {
    if (existing !== id) operation.created(id);
    existing = id;
  };
  try {
    const made = await model.create(context, inputs, { ...operation, created });
    const { id, outputs } = typeof made === "string" ? { id: made, outputs: {} } : made;
    created(id);
    const computed = await model.read(context, id, { ...inputs, ...outputs }, { ...operation, created });
    if (!computed) throw new Error("it is not there right after its creation");
    return { id, outputs: outputsOf(model, inputs, { ...outputs, ...computed }) };
  } catch (error) {
    const message = `creating ${operation.type} "${operation.name}": ${describe(error)}`;
    if (existing === undefined) throw new Error(message, { cause: error });
    const computed = await model.read(context, existing, inputs, { ...operation, created }).catch(() => undefined);
    throw new InitializationError(message, existing, outputsOf(model, inputs, computed ?? {}));
  }
}

export async function read<C>(
  model: ResourceModel<C>,
  context: C,
  { id, state, inputs }: { id: string; state: Props; inputs: Props },
  operation: Operation,
): Promise<{ inputs: Props; outputs: Props } | undefined> {
  const computed = await naming("reading", operation, () =>
    model.read(context, id, { ...inputs, ...state }, operation),
  );
  if (!computed) return undefined;
  const drifted = Object.entries(inputs).map(([key, value]) => [
    key,
    key in computed ? asGiven(value, computed[key]) : value,
  ]);
  return { inputs: Object.fromEntries(drifted) as Props, outputs: outputsOf(model, { ...state }, computed) };
}

/** What is really there, in the members that the program gave: a block's other members are outputs, not drift. */
const asGiven = (given: unknown, real: unknown): unknown =>
  isObject(given) && isObject(real)
    ? Object.fromEntries(
        Object.entries(given).map(([key, value]) => [key, key in real ? asGiven(value, real[key]) : value]),
      )
    : real;

export async function update<C>(
  model: ResourceModel<C>,
  context: C,
  { id, state, olds, news }: { id: string; state: Props; olds: Props; news: Props },
  operation: Operation,
): Promise<Props> {
  // As with a creation: what was applied but did not become ready is kept, with the new arguments.
  let applied = false;
  const call = { ...operation, created: () => void (applied = true) };
  try {
    const changed = changedArguments(model, olds, news);
    const told = (await model.update?.(context, { id, olds, news, state, changed }, call)) ?? {};
    const computed = await model.read(context, id, { ...state, ...news, ...told }, call);
    if (!computed) throw new Error("it is gone; `refresh` takes it out of the state");
    return outputsOf(model, news, { ...told, ...computed });
  } catch (error) {
    const message = `updating ${operation.type} "${operation.name}": ${describe(error)}`;
    if (!applied) throw new Error(message, { cause: error });
    const computed = await model.read(context, id, { ...state, ...news }, call).catch(() => undefined);
    throw new InitializationError(message, id, outputsOf(model, { ...state, ...news }, computed ?? {}));
  }
}

export const remove = <C>(model: ResourceModel<C>, context: C, id: string, state: Props, operation: Operation) =>
  naming("deleting", operation, () => model.delete(context, id, state, operation));

async function naming<T>(verb: string, { type, name }: Operation, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${verb} ${type} "${name}": ${describe(error)}`, { cause: error });
  }
}

export async function invoke<C>(provider: ProviderModel<C>, context: C, token: string, args: Props): Promise<Props> {
  const model = provider.functions?.[token];
  if (!model) throw new Error(`${token}: this function is not modelled by the local provider`);
  const refused = refusals(token, shapeOf(model), args);
  if (refused.length > 0) throw new Error(refused.map(({ reason }) => reason).join("; "));
  if (hasUnknown(args)) return {};
  return model.invoke(context, unwrap(args));
}

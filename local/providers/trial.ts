import type { Operation, ProviderModel } from "./model";
import * as operations from "./operations";
import { unwrap, type Props } from "./wire";

export interface Made {
  readonly id: string;
  readonly inputs: Props;
  /** With secrets marked, as they go to the engine. */
  readonly outputs: Props;
  readonly plain: Props;
}

/** Checks and creates one resource as the server does, without one. Throws what is refused. For tests. */
export async function make(provider: ProviderModel<object>, type: string, args: Props): Promise<Made> {
  const model = operations.resourceModel(provider, type);
  const naming = { seed: new Uint8Array() };
  const { inputs, failures } = operations.check(model, {}, { type, name: "trial", olds: {}, news: args, naming });
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
  const operation: Operation = {
    urn: `urn:pulumi:stack::project::${type}::trial`,
    type,
    name: "trial",
    signal: new AbortController().signal,
    timeout: (seconds) => seconds,
    created: () => undefined,
    status: () => undefined,
  };
  const { id, outputs } = await operations.create(model, {}, inputs, operation);
  return { id, inputs, outputs, plain: unwrap(outputs) };
}

import type { ResourceModel } from "./model";
import type { Props } from "./wire";

/**
 * What a resource that lives in the state alone, such as a key or a random value, has instead of an API: its outputs are read from
 * the state, and there is nothing to delete. Throws on an import, which brings no state.
 */
export const inState = (...outputs: string[]) =>
  ({
    async read(_context: object, _id: string, state: Props): Promise<Props> {
      if (state[outputs[0]!] === undefined) throw new Error("it lives in the state alone, so it cannot be imported");
      return Object.fromEntries(outputs.map((name) => [name, state[name]]));
    },
    delete: async () => undefined,
  }) satisfies Partial<ResourceModel<object>>;

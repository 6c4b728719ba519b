import type { AgentApi } from "./agent";
import type { ResourceModel } from "./model";
import type { Props } from "./wire";

/** A resource whose API takes all of it in one PUT and gives it back under one path. */
export interface RestResource {
  readonly args: string;
  readonly autoname?: ResourceModel<AgentApi>["autoname"];
  readonly secretOutputs?: readonly string[];
  readonly defaults?: Props;
  /** Where it is created and, with an id, updated. */
  write(args: Props, id?: string): string;
  body(args: Props, id?: string): Props;
  /** Its id, out of the answer or the arguments. */
  id(answer: Props, args: Props): string;
  /** Where it is read and deleted. */
  path(id: string, args: Props): string;
  query?(args: Props): Props;
  outputs?(found: Props): Props;
}

export const restResource = (rest: RestResource): ResourceModel<AgentApi> => ({
  args: rest.args,
  autoname: rest.autoname,
  defaults: rest.defaults,
  secretOutputs: rest.secretOutputs,
  create: async (api, args) =>
    rest.id((await api.put(rest.write(args), rest.body(args), rest.query?.(args))) ?? {}, args),
  async read(api, id, state) {
    const found = await api.find(rest.path(id, state), rest.query?.(state));
    return found && (rest.outputs?.(found) ?? {});
  },
  async update(api, { id, news }) {
    await api.put(rest.write(news, id), rest.body(news, id), rest.query?.(news));
  },
  delete: (api, id, state) => api.delete(rest.path(id, state), rest.query?.(state)),
});

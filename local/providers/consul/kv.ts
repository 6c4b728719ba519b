import type { AgentApi } from "../agent";
import type { ResourceModel } from "../model";
import type { Props } from "../wire";

const at = (path: string) => `/v1/kv/${path.split("/").map(encodeURIComponent).join("/")}`;
const write = (api: AgentApi, path: string, value: string, flags: number | undefined, dc: string | undefined) =>
  api.put(at(path), value, { flags, dc });

/** `keys`: each with a path and a value to write; without a value it is read into `var.<name>`. */
async function writeKeys(api: AgentApi, { keys = [], datacenter }: Props): Promise<void> {
  for (const { path, value, flags, default: fallback } of keys as Props[]) {
    if (value !== undefined || fallback !== undefined) await write(api, path, value ?? fallback, flags, datacenter);
  }
}

async function removeKeys(api: AgentApi, keys: Props[] = [], dc: string | undefined): Promise<void> {
  for (const { path, delete: wanted } of keys) if (wanted) await api.delete(at(path), { dc });
}

export const keys: ResourceModel<AgentApi> = {
  args: "datacenter! keys{name path value flags default delete}",
  async create(api, args) {
    await writeKeys(api, args);
    return "consul";
  },
  async read(api, _id, { keys: wanted = [], datacenter }) {
    const found: Props = {};
    for (const { name, path } of wanted as Props[]) {
      const [entry] = (await api.find<Props[]>(at(path), { dc: datacenter })) ?? [];
      if (name && entry) found[name] = Buffer.from(entry["Value"] ?? "", "base64").toString();
    }
    return { var: found };
  },
  async update(api, { olds, news }) {
    const kept = new Set((news.keys ?? []).map((key: Props) => key.path));
    await removeKeys(
      api,
      (olds.keys ?? []).filter((key: Props) => !kept.has(key.path)),
      news.datacenter,
    );
    await writeKeys(api, news);
  },
  delete: (api, _id, { keys: wanted, datacenter }) => removeKeys(api, wanted, datacenter),
};

async function writePrefix(api: AgentApi, args: Props): Promise<void> {
  const { pathPrefix, subkeys = {}, subkeyCollection = [], datacenter: dc } = args;
  for (const [path, value] of Object.entries(subkeys))
    await write(api, pathPrefix + path, String(value), undefined, dc);
  for (const { path, value, flags } of subkeyCollection as Props[])
    await write(api, pathPrefix + path, value, flags, dc);
}

/** Everything under a prefix is the resource's: what it does not name is deleted. */
export const keyPrefix: ResourceModel<AgentApi> = {
  args: "datacenter! pathPrefix! subkeys subkeyCollection{path value flags}",
  async create(api, args) {
    await writePrefix(api, args);
    return args.pathPrefix;
  },
  read: async (api, id, { datacenter: dc }) => ((await api.find(at(id), { recurse: true, dc })) ? {} : undefined),
  async update(api, { id, news }) {
    const dc = news.datacenter;
    const wanted = [...Object.keys(news.subkeys ?? {}), ...(news.subkeyCollection ?? []).map((key: Props) => key.path)];
    const found = (await api.find<string[]>(at(id), { keys: true, dc })) ?? [];
    for (const path of found.filter((path) => !wanted.includes(path.slice(id.length))))
      await api.delete(at(path), { dc });
    await writePrefix(api, news);
  },
  delete: (api, id, { datacenter: dc }) => api.delete(at(id), { recurse: true, dc }),
};

import type { AgentApi } from "../agent";
import type { ResourceModel } from "../model";
import type { Props } from "../wire";

const schedulerPath = "/v1/operator/scheduler/configuration";

/** `system_scheduler_enabled` and `systemSchedulerEnabled` alike, as the API has them. */
const preemption = (config: Props) =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.replace(/(^|_)([a-z])/g, (_match, _start, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );

/** The one configuration that a region has: changed in place, and left as it is on delete. */
async function putScheduler(api: AgentApi, args: Props): Promise<void> {
  const { SchedulerConfig: current = {} } = await api.get<{ SchedulerConfig?: Props }>(schedulerPath);
  const { schedulerAlgorithm, memoryOversubscriptionEnabled, preemptionConfig = {} } = args;
  await api.put(schedulerPath, {
    ...current,
    SchedulerAlgorithm: schedulerAlgorithm ?? current["SchedulerAlgorithm"],
    MemoryOversubscriptionEnabled: memoryOversubscriptionEnabled ?? current["MemoryOversubscriptionEnabled"],
    PreemptionConfig: { ...current["PreemptionConfig"], ...preemption(preemptionConfig) },
  });
}

export const schedulerConfig: ResourceModel<AgentApi> = {
  args: "schedulerAlgorithm memoryOversubscriptionEnabled preemptionConfig",
  async create(api, args) {
    await putScheduler(api, args);
    return "nomad-scheduler-config";
  },
  async read(api) {
    const { SchedulerConfig } = await api.get<{ SchedulerConfig: Props }>(schedulerPath);
    const { SchedulerAlgorithm, MemoryOversubscriptionEnabled } = SchedulerConfig;
    return { schedulerAlgorithm: SchedulerAlgorithm, memoryOversubscriptionEnabled: MemoryOversubscriptionEnabled };
  },
  update: (api, { news }) => putScheduler(api, news),
  delete: async () => undefined,
};

const variablePath = (path: string) => `/v1/var/${path.split("/").map(encodeURIComponent).join("/")}`;

const putVariable = async (api: AgentApi, { path, namespace = "default", items }: Props) => {
  await api.put(variablePath(path), { Path: path, Namespace: namespace, Items: items }, { namespace });
};

export const variable: ResourceModel<AgentApi> = {
  args: "path! namespace! items",
  defaults: { namespace: "default" },
  secretOutputs: ["items"],
  async create(api, args) {
    await putVariable(api, args);
    return `${args.path}@${args.namespace}`;
  },
  async read(api, _id, { path, namespace }) {
    const found = await api.find(variablePath(path), { namespace });
    return found && { items: found["Items"] };
  },
  update: (api, { news }) => putVariable(api, news),
  delete: (api, _id, { path, namespace }) => api.delete(variablePath(path), { namespace }),
};

const tokenRequest = ({ name, type, policies, roles, global, expirationTtl }: Props): Props => ({
  Name: name,
  Type: type,
  Policies: policies,
  Roles: roles?.map(({ id }: Props) => ({ ID: id })),
  Global: global,
  ExpirationTTL: expirationTtl,
});

export const aclToken: ResourceModel<AgentApi> = {
  args: "name type policies roles{id} global! expirationTtl!",
  secretOutputs: ["secretId"],
  create: async (api, args) => (await api.put("/v1/acl/token", tokenRequest(args)))["AccessorID"],
  async read(api, id) {
    const found = await api.find(`/v1/acl/token/${id}`);
    if (!found) return undefined;
    const { AccessorID, SecretID, CreateTime, ExpirationTime } = found;
    return { accessorId: AccessorID, secretId: SecretID, createTime: CreateTime, expirationTime: ExpirationTime ?? "" };
  },
  async update(api, { id, news }) {
    await api.put(`/v1/acl/token/${id}`, { AccessorID: id, ...tokenRequest(news) });
  },
  delete: (api, id) => api.delete(`/v1/acl/token/${id}`),
};

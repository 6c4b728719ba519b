import { AgentApi, configuredHeaders, tlsOptions } from "../agent";
import type { ProviderModel, ResourceModel } from "../model";
import { restResource } from "../rest";
import { packageVersion } from "../versions";
import type { Props } from "../wire";
import { job } from "./job";
import { aclToken, schedulerConfig, variable } from "./settings";

const flag = (value: unknown) => value === true || value === "true";

function configure(config: Props): AgentApi {
  const address = config["address"] ?? process.env["NOMAD_ADDR"];
  if (!address) throw new Error("address must be provided either in provider configuration or via NOMAD_ADDR");
  const authorization = config["httpAuth"] && `Basic ${Buffer.from(config["httpAuth"]).toString("base64")}`;
  return new AgentApi({
    base: new URL(address),
    tls: tlsOptions(config, flag(config["skipVerify"])),
    headers: {
      ...configuredHeaders(config["headers"]),
      ...(config["secretId"] ? { "X-Nomad-Token": config["secretId"] } : {}),
      ...(authorization ? { authorization } : {}),
    },
    query: { region: config["region"] },
  });
}

const named = { property: "name", maxLength: 128 };

const namespace = restResource({
  args: `name! description meta quota capabilities{enabledTaskDrivers disabledTaskDrivers enabledNetworkModes disabledNetworkModes}
    nodePoolConfig{default alloweds denieds}`,
  autoname: named,
  write: () => "/v1/namespace",
  body: ({ name, description, meta, quota, capabilities: drivers, nodePoolConfig: pools }) => ({
    Name: name,
    Description: description,
    Meta: meta,
    Quota: quota,
    Capabilities: drivers && {
      EnabledTaskDrivers: drivers.enabledTaskDrivers,
      DisabledTaskDrivers: drivers.disabledTaskDrivers,
      EnabledNetworkModes: drivers.enabledNetworkModes,
      DisabledNetworkModes: drivers.disabledNetworkModes,
    },
    NodePoolConfiguration: pools && { Default: pools.default, Allowed: pools.alloweds, Denied: pools.denieds },
  }),
  id: (_answer, { name }) => name,
  path: (id) => `/v1/namespace/${id}`,
});

const nodePool = restResource({
  args: "name! description meta nodeIdentityTtl schedulerConfig{schedulerAlgorithm memoryOversubscription}",
  autoname: named,
  write: () => "/v1/node/pools",
  body: ({ name, description, meta, nodeIdentityTtl, schedulerConfig: scheduler }) => ({
    Name: name,
    Description: description,
    Meta: meta,
    NodeIdentityTTL: nodeIdentityTtl,
    SchedulerConfiguration: scheduler && {
      SchedulerAlgorithm: scheduler.schedulerAlgorithm,
      MemoryOversubscriptionEnabled: scheduler.memoryOversubscription && scheduler.memoryOversubscription === "enabled",
    },
  }),
  id: (_answer, { name }) => name,
  path: (id) => `/v1/node/pool/${id}`,
});

const aclPolicy = restResource({
  args: "name! rulesHcl description jobAcl{namespace jobId group task}",
  autoname: named,
  write: ({ name }) => `/v1/acl/policy/${name}`,
  body: ({ name, rulesHcl, description, jobAcl }) => ({
    Name: name,
    Rules: rulesHcl,
    Description: description,
    JobACL: jobAcl && { Namespace: jobAcl.namespace, JobID: jobAcl.jobId, Group: jobAcl.group, Task: jobAcl.task },
  }),
  id: (_answer, { name }) => name,
  path: (id) => `/v1/acl/policy/${id}`,
});

const aclRole = restResource({
  args: "name description policies{name}",
  autoname: named,
  write: (_args, id) => (id ? `/v1/acl/role/${id}` : "/v1/acl/role"),
  body: ({ name, description, policies }, id) => ({
    ID: id,
    Name: name,
    Description: description,
    Policies: policies.map((policy: Props) => ({ Name: policy.name })),
  }),
  id: (answer) => answer.ID,
  path: (id) => `/v1/acl/role/${id}`,
});

const aclBindingRule = restResource({
  args: "authMethod bindType bindName selector description",
  write: (_args, id) => (id ? `/v1/acl/binding-rule/${id}` : "/v1/acl/binding-rule"),
  body: ({ authMethod, bindType, bindName, selector, description }, id) => ({
    ID: id,
    AuthMethod: authMethod,
    BindType: bindType,
    BindName: bindName,
    Selector: selector,
    Description: description,
  }),
  id: (answer) => answer.ID,
  path: (id) => `/v1/acl/binding-rule/${id}`,
});

const resources: Record<string, ResourceModel<AgentApi>> = {
  "nomad:index/job:Job": job,
  "nomad:index/schedulerConfig:SchedulerConfig": schedulerConfig,
  "nomad:index/variable:Variable": variable,
  "nomad:index/namespace:Namespace": namespace,
  "nomad:index/nodePool:NodePool": nodePool,
  "nomad:index/aclPolicy:AclPolicy": aclPolicy,
  "nomad:index/aclRole:AclRole": aclRole,
  "nomad:index/aclToken:AclToken": aclToken,
  "nomad:index/aclBindingRule:AclBindingRule": aclBindingRule,
};

/** The resource types of @pulumi/nomad that are modelled, on the API of the agent that `address` names. */
export const nomadProvider = (): ProviderModel<AgentApi> => ({
  name: "nomad",
  version: packageVersion("@pulumi/nomad"),
  config: "address region secretId httpAuth headers caFile caPem certFile certPem keyFile keyPem skipVerify",
  configure,
  resources,
});

import { AgentApi, configuredHeaders, tlsOptions } from "../agent";
import type { FunctionModel, ProviderModel, ResourceModel } from "../model";
import { restResource } from "../rest";
import { packageVersion } from "../versions";
import { secret, type Props } from "../wire";
import { keyPrefix, keys } from "./kv";

const flag = (value: unknown) => value === true || value === "true";

/** `address` is host and port, as for Consul's own command; a URL gives the scheme too. */
function baseUrl({ address = "127.0.0.1:8500", scheme }: Props): URL {
  if (/^https?:\/\//.test(address)) return new URL(address);
  return new URL(`${scheme ?? "http"}://${address}`);
}

function configure(config: Props): AgentApi {
  const authorization = config["httpAuth"] && `Basic ${Buffer.from(config["httpAuth"]).toString("base64")}`;
  return new AgentApi({
    base: baseUrl(config),
    tls: tlsOptions(config, flag(config["insecureHttps"])),
    headers: {
      ...configuredHeaders(config["headers"]),
      ...(config["token"] ? { "X-Consul-Token": config["token"] } : {}),
      ...(authorization ? { authorization } : {}),
    },
    query: { dc: config["datacenter"] },
  });
}

const autopilotPath = "/v1/operator/autopilot/configuration";
const autopilotBody = (args: Props): Props => ({
  CleanupDeadServers: args["cleanupDeadServers"],
  LastContactThreshold: args["lastContactThreshold"],
  MaxTrailingLogs: args["maxTrailingLogs"],
  ServerStabilizationTime: args["serverStabilizationTime"],
  RedundancyZoneTag: args["redundancyZoneTag"],
  DisableUpgradeMigration: args["disableUpgradeMigration"],
  UpgradeVersionTag: args["upgradeVersionTag"],
});

/** The one configuration that a datacenter has: changed in place, and left as it is on delete. */
const autopilotConfig: ResourceModel<AgentApi> = {
  args: `datacenter! cleanupDeadServers lastContactThreshold maxTrailingLogs serverStabilizationTime redundancyZoneTag
    disableUpgradeMigration upgradeVersionTag`,
  defaults: {
    cleanupDeadServers: true,
    lastContactThreshold: "200ms",
    maxTrailingLogs: 250,
    serverStabilizationTime: "10s",
    redundancyZoneTag: "",
    disableUpgradeMigration: false,
    upgradeVersionTag: "",
  },
  async create(api, args) {
    await api.put(autopilotPath, autopilotBody(args), { dc: args.datacenter });
    return `consul-autopilot-${args.datacenter ?? "default"}`;
  },
  async read(api, _id, { datacenter }) {
    const found = await api.get(autopilotPath, { dc: datacenter });
    const { CleanupDeadServers, LastContactThreshold, MaxTrailingLogs, ServerStabilizationTime } = found;
    return {
      cleanupDeadServers: CleanupDeadServers,
      lastContactThreshold: LastContactThreshold,
      maxTrailingLogs: MaxTrailingLogs,
      serverStabilizationTime: ServerStabilizationTime,
    };
  },
  async update(api, { news }) {
    await api.put(autopilotPath, autopilotBody(news), { dc: news.datacenter });
  },
  delete: async () => undefined,
};

const configEntry = restResource({
  args: "kind! name! configJson",
  write: () => "/v1/config",
  body: ({ kind, name, configJson }) => ({ Kind: kind, Name: name, ...JSON.parse(configJson ?? "{}") }),
  id: (_answer, { kind, name }) => `${kind}-${name}`,
  path: (_id, { kind, name }) => `/v1/config/${kind}/${name}`,
});

const aclPath = (kind: string) => (_args: Props, id?: string) => (id ? `/v1/acl/${kind}/${id}` : `/v1/acl/${kind}`);
const links = (names: string[] | undefined) => names?.map((Name) => ({ Name }));
const identities = (list: Props[] | undefined) =>
  list?.map(({ serviceName, nodeName, datacenter, datacenters }) => ({
    ServiceName: serviceName,
    NodeName: nodeName,
    Datacenter: datacenter,
    Datacenters: datacenters,
  }));
const granted = ({ policies, roles, serviceIdentities, nodeIdentities, templatedPolicies }: Props): Props => ({
  Policies: links(policies),
  Roles: links(roles),
  ServiceIdentities: identities(serviceIdentities),
  NodeIdentities: identities(nodeIdentities),
  TemplatedPolicies: templatedPolicies?.map(({ templateName, templateVariables, datacenters }: Props) => ({
    TemplateName: templateName,
    TemplateVariables: templateVariables && { Name: templateVariables.name },
    Datacenters: datacenters,
  })),
});
const grants =
  "policies serviceIdentities{serviceName datacenters} nodeIdentities{nodeName datacenter} " +
  "templatedPolicies{templateName templateVariables{name} datacenters}";

const aclPolicy = restResource({
  args: "name rules description datacenters",
  autoname: { property: "name", maxLength: 128 },
  write: aclPath("policy"),
  body: ({ name, rules, description, datacenters }, id) => ({
    ID: id,
    Name: name,
    Rules: rules,
    Description: description,
    Datacenters: datacenters,
  }),
  id: (answer) => answer.ID,
  path: (id) => `/v1/acl/policy/${id}`,
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A role takes a policy by its id or its name. */
const policyLinks = (policies?: readonly string[]) =>
  policies?.map((policy) => (UUID.test(policy) ? { ID: policy } : { Name: policy }));

const aclRole = restResource({
  args: `name description ${grants}`,
  autoname: { property: "name", maxLength: 256 },
  write: aclPath("role"),
  body: (args, id) => ({
    ID: id,
    Name: args.name,
    Description: args.description,
    ...granted(args),
    Policies: policyLinks(args.policies),
  }),
  id: (answer) => answer.ID,
  path: (id) => `/v1/acl/role/${id}`,
});

const aclToken = restResource({
  args: `accessorId! description roles local! expirationTime! ${grants}`,
  write: aclPath("token"),
  body: (args, id) => ({
    AccessorID: id ?? args.accessorId,
    Description: args.description,
    Local: args.local,
    ExpirationTime: args.expirationTime,
    ...granted(args),
  }),
  id: (answer) => answer.AccessorID,
  path: (id) => `/v1/acl/token/${id}`,
  outputs: ({ AccessorID }) => ({ accessorId: AccessorID }),
});

const aclAuthMethod = restResource({
  args: "name! type! description displayName maxTokenTtl tokenLocality configJson",
  autoname: { property: "name", maxLength: 128 },
  write: (_args, id) => (id ? `/v1/acl/auth-method/${id}` : "/v1/acl/auth-method"),
  body: ({ name, type, description, displayName, maxTokenTtl, tokenLocality, configJson }) => ({
    Name: name,
    Type: type,
    Description: description,
    DisplayName: displayName,
    MaxTokenTTL: maxTokenTtl,
    TokenLocality: tokenLocality,
    Config: JSON.parse(configJson ?? "{}"),
  }),
  id: (_answer, { name }) => name,
  path: (id) => `/v1/acl/auth-method/${id}`,
});

const aclBindingRule = restResource({
  args: "authMethod! bindType! bindName bindVars{name} selector description",
  write: aclPath("binding-rule"),
  body: ({ authMethod, bindType, bindName, bindVars, selector, description }, id) => ({
    ID: id,
    AuthMethod: authMethod,
    BindType: bindType,
    BindName: bindName,
    BindVars: bindVars && { Name: bindVars.name },
    Selector: selector,
    Description: description,
  }),
  id: (answer) => answer.ID,
  path: (id) => `/v1/acl/binding-rule/${id}`,
});

const functions: Record<string, FunctionModel<AgentApi>> = {
  "consul:index/getAclTokenSecretId:getAclTokenSecretId": {
    args: "accessorId",
    async invoke(api, { accessorId }) {
      const { SecretID } = await api.get(`/v1/acl/token/${accessorId}`);
      return { id: accessorId, accessorId, secretId: secret(SecretID) };
    },
  },
};

/** The resource types of @pulumi/consul that are modelled, on the API of the agent that `address` names. */
export const consulProvider = (): ProviderModel<AgentApi> => ({
  name: "consul",
  version: packageVersion("@pulumi/consul"),
  config: "address scheme datacenter token httpAuth headers caFile caPem certFile certPem keyFile keyPem insecureHttps",
  configure,
  resources: {
    "consul:index/autopilotConfig:AutopilotConfig": autopilotConfig,
    "consul:index/keys:Keys": keys,
    "consul:index/keyPrefix:KeyPrefix": keyPrefix,
    "consul:index/configEntry:ConfigEntry": configEntry,
    "consul:index/aclPolicy:AclPolicy": aclPolicy,
    "consul:index/aclRole:AclRole": aclRole,
    "consul:index/aclToken:AclToken": aclToken,
    "consul:index/aclAuthMethod:AclAuthMethod": aclAuthMethod,
    "consul:index/aclBindingRule:AclBindingRule": aclBindingRule,
  },
  functions,
});

/** What each resource is given. */
import type * as pulumi from "@pulumi/pulumi";

type Text = pulumi.Input<string>;
type Flag = pulumi.Input<boolean>;
type List<T> = pulumi.Input<pulumi.Input<T>[]>;
type Dictionary<T> = pulumi.Input<{ [key: string]: pulumi.Input<T> }>;

export interface ProviderArgs {
  /** URL of the HTTP API. */
  address?: Text;
  authJwt?: pulumi.Input<ProviderAuthJwt>;
  caFile?: Text;
  caPem?: Text;
  certFile?: Text;
  certPem?: Text;
  /** Secret. */
  headers?: List<ProviderHeader>;
  /** `user:password`. Secret. */
  httpAuth?: Text;
  /** Names of environment variables (`NOMAD_TOKEN`, ...) that the provider must not read. */
  ignoreEnvVars?: Dictionary<boolean>;
  keyFile?: Text;
  /** Secret. */
  keyPem?: Text;
  region?: Text;
  /** ACL token. Secret. */
  secretId?: Text;
  skipVerify?: Flag;
}

export interface ProviderAuthJwt {
  authMethod: Text;
  loginToken: Text;
}

export interface ProviderHeader {
  name: Text;
  value: Text;
}

export interface AclAuthMethodArgs {
  config: pulumi.Input<AclAuthMethodConfig>;
  default?: Flag;
  /** Duration, such as `10m0s`. */
  maxTokenTtl: Text;
  name?: Text;
  /** `local` or `global`. */
  tokenLocality: Text;
  tokenNameFormat?: Text;
  /** `OIDC` or `JWT`. */
  type: Text;
}

export interface AclAuthMethodConfig {
  allowedRedirectUris?: List<string>;
  boundAudiences?: List<string>;
  boundIssuers?: List<string>;
  claimMappings?: Dictionary<string>;
  clockSkewLeeway?: Text;
  discoveryCaPems?: List<string>;
  expirationLeeway?: Text;
  jwksCaCert?: Text;
  jwksUrl?: Text;
  jwtValidationPubKeys?: List<string>;
  listClaimMappings?: Dictionary<string>;
  notBeforeLeeway?: Text;
  oidcClientId?: Text;
  oidcClientSecret?: Text;
  oidcDisableUserinfo?: Flag;
  oidcDiscoveryUrl?: Text;
  oidcScopes?: List<string>;
  signingAlgs?: List<string>;
}

export interface AclBindingRuleArgs {
  authMethod: Text;
  bindName?: Text;
  /** `role`, `policy` or `management`. */
  bindType: Text;
  description?: Text;
  selector?: Text;
}

export interface AclPolicyArgs {
  description?: Text;
  /** Attaches the policy to the workload identities of a job, group or task. */
  jobAcl?: pulumi.Input<AclPolicyJobAcl>;
  name?: Text;
  rulesHcl: Text;
}

export interface AclPolicyJobAcl {
  group?: Text;
  jobId: Text;
  namespace?: Text;
  task?: Text;
}

export interface AclRoleArgs {
  description?: Text;
  name?: Text;
  policies: List<AclRolePolicy>;
}

export interface AclRolePolicy {
  name: Text;
}

export interface AclTokenArgs {
  expirationTtl?: Text;
  global?: Flag;
  name?: Text;
  policies?: List<string>;
  roles?: List<AclTokenRole>;
  /** `client` or `management`. */
  type: Text;
}

export interface AclTokenRole {
  id: Text;
  name?: Text;
}

export interface JobArgs {
  /** Default `true`. */
  deregisterOnDestroy?: Flag;
  /** Default `true`. */
  deregisterOnIdChange?: Flag;
  /** `false` waits for the deployment to be healthy; default `true`. */
  detach?: Flag;
  hcl2?: pulumi.Input<JobHcl2>;
  /** The specification's text: HCL, or JSON with `json`. */
  jobspec: Text;
  json?: Flag;
  policyOverride?: Flag;
  /** Keeps counts that somebody else (an autoscaler) has set; default `false`. */
  preserveCounts?: Flag;
  /** Default `false`. */
  purgeOnDestroy?: Flag;
  /** @deprecated Reading allocation ids from a job is going away. */
  readAllocationIds?: Flag;
  /** Default `false`. */
  rerunIfDead?: Flag;
}

export interface JobHcl2 {
  /** Lets the specification read files; default `false`. */
  allowFs?: Flag;
  vars?: Dictionary<string>;
}

export interface NamespaceArgs {
  capabilities?: pulumi.Input<NamespaceCapabilities>;
  consulConfig?: pulumi.Input<NamespaceClusterConfig>;
  description?: Text;
  meta?: Dictionary<string>;
  name?: Text;
  nodePoolConfig?: pulumi.Input<NamespaceNodePoolConfig>;
  quota?: Text;
  vaultConfig?: pulumi.Input<NamespaceClusterConfig>;
}

export interface NamespaceCapabilities {
  disabledTaskDrivers?: List<string>;
  enabledTaskDrivers?: List<string>;
}

/** Which Consul or Vault clusters a namespace may use. */
export interface NamespaceClusterConfig {
  alloweds?: List<string>;
  default?: Text;
  denieds?: List<string>;
}

export interface NamespaceNodePoolConfig {
  alloweds?: List<string>;
  default?: Text;
  denieds?: List<string>;
}

export interface NodePoolArgs {
  description?: Text;
  meta?: Dictionary<string>;
  name?: Text;
  nodeIdentityTtl?: Text;
  schedulerConfig?: pulumi.Input<NodePoolSchedulerConfig>;
}

export interface NodePoolSchedulerConfig {
  /** `enabled` or `disabled`; unset leaves it to the cluster. */
  memoryOversubscription?: Text;
  /** `binpack` or `spread`; unset leaves it to the cluster. */
  schedulerAlgorithm?: Text;
}

export interface SchedulerConfigArgs {
  memoryOversubscriptionEnabled?: Flag;
  /** Keys `batch_scheduler_enabled`, `service_scheduler_enabled`, `sysbatch_scheduler_enabled`, `system_scheduler_enabled`. */
  preemptionConfig?: Dictionary<boolean>;
  /** `binpack` or `spread`. */
  schedulerAlgorithm?: Text;
}

export interface VariableArgs {
  /** Secret. */
  items?: Dictionary<string>;
  /** JSON, written and never read back. Secret. */
  itemsWo?: Text;
  /** A change of it writes `itemsWo` again. */
  itemsWoVersion?: pulumi.Input<number>;
  namespace?: Text;
  path: Text;
}

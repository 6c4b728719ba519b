/** What each resource answers with, where it is more than a plain value. */

export interface AclAuthMethodConfig {
  allowedRedirectUris?: string[];
  boundAudiences?: string[];
  boundIssuers?: string[];
  claimMappings?: Record<string, string>;
  clockSkewLeeway?: string;
  discoveryCaPems?: string[];
  expirationLeeway?: string;
  jwksCaCert?: string;
  jwksUrl?: string;
  jwtValidationPubKeys?: string[];
  listClaimMappings?: Record<string, string>;
  notBeforeLeeway?: string;
  oidcClientId?: string;
  oidcClientSecret?: string;
  oidcDisableUserinfo?: boolean;
  oidcDiscoveryUrl?: string;
  oidcScopes?: string[];
  signingAlgs?: string[];
}

export interface AclPolicyJobAcl {
  group?: string;
  jobId: string;
  namespace?: string;
  task?: string;
}

export interface AclRolePolicy {
  name: string;
}

export interface AclTokenRole {
  id: string;
  name?: string;
}

export interface JobHcl2 {
  allowFs?: boolean;
  vars?: Record<string, string>;
}

export interface JobConstraint {
  ltarget: string;
  operand: string;
  rtarget: string;
}

export interface JobPeriodicConfig {
  enabled: boolean;
  prohibitOverlap: boolean;
  spec: string;
  specType: string;
  timezone: string;
}

export interface JobUpdateStrategy {
  autoRevert: boolean;
  canary: number;
  healthCheck: string;
  healthyDeadline: string;
  maxParallel: number;
  minHealthyTime: string;
  stagger: string;
}

export interface JobTaskGroup {
  count: number;
  meta: Record<string, string>;
  name: string;
  tasks: JobTaskGroupTask[];
  updateStrategies: JobUpdateStrategy[];
  volumes: JobTaskGroupVolume[];
}

export interface JobTaskGroupTask {
  driver: string;
  meta: Record<string, string>;
  name: string;
  volumeMounts: JobTaskGroupTaskVolumeMount[];
}

export interface JobTaskGroupTaskVolumeMount {
  destination: string;
  readOnly: boolean;
  volume: string;
}

export interface JobTaskGroupVolume {
  name: string;
  readOnly: boolean;
  source: string;
  type: string;
}

export interface NamespaceCapabilities {
  disabledTaskDrivers?: string[];
  enabledTaskDrivers?: string[];
}

export interface NamespaceClusterConfig {
  alloweds?: string[];
  default?: string;
  denieds?: string[];
}

export interface NamespaceNodePoolConfig {
  alloweds?: string[];
  default: string;
  denieds?: string[];
}

export interface NodePoolSchedulerConfig {
  memoryOversubscription?: string;
  schedulerAlgorithm?: string;
}

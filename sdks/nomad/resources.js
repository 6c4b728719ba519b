"use strict";
/**
 * Property names of the published provider, 2.6.1. `inputs` are settable, `outputs` only read; `secrets` are inputs that the
 * engine encrypts, `secretOutputs` outputs that it does.
 */
exports.resources = {
  AclAuthMethod: {
    inputs: ["config", "default", "maxTokenTtl", "name", "tokenLocality", "tokenNameFormat", "type"],
    required: ["config", "maxTokenTtl", "tokenLocality", "type"],
  },
  AclBindingRule: {
    inputs: ["authMethod", "bindName", "bindType", "description", "selector"],
    required: ["authMethod", "bindType"],
  },
  AclPolicy: {
    inputs: ["description", "jobAcl", "name", "rulesHcl"],
    required: ["rulesHcl"],
  },
  AclRole: {
    inputs: ["description", "name", "policies"],
    required: ["policies"],
  },
  AclToken: {
    inputs: ["expirationTtl", "global", "name", "policies", "roles", "type"],
    required: ["type"],
    outputs: ["accessorId", "createTime", "expirationTime", "secretId"],
    secretOutputs: ["secretId"],
  },
  Job: {
    inputs: [
      "deregisterOnDestroy",
      "deregisterOnIdChange",
      "detach",
      "hcl2",
      "jobspec",
      "json",
      "policyOverride",
      "preserveCounts",
      "purgeOnDestroy",
      "readAllocationIds",
      "rerunIfDead",
    ],
    required: ["jobspec"],
    outputs: [
      "allAtOnce",
      "allocationIds",
      "constraints",
      "createIndex",
      "datacenters",
      "deploymentId",
      "deploymentStatus",
      "modifyIndex",
      "name",
      "namespace",
      "parentId",
      "periodicConfigs",
      "priority",
      "region",
      "stable",
      "status",
      "statusDescription",
      "stop",
      "submitTime",
      "taskGroups",
      "type",
      "updateStrategies",
      "version",
    ],
  },
  Namespace: {
    inputs: ["capabilities", "consulConfig", "description", "meta", "name", "nodePoolConfig", "quota", "vaultConfig"],
  },
  NodePool: {
    inputs: ["description", "meta", "name", "nodeIdentityTtl", "schedulerConfig"],
  },
  SchedulerConfig: {
    inputs: ["memoryOversubscriptionEnabled", "preemptionConfig", "schedulerAlgorithm"],
  },
  Variable: {
    inputs: ["items", "itemsWo", "itemsWoVersion", "namespace", "path"],
    required: ["path"],
    secrets: ["items", "itemsWo"],
  },
};

exports.provider = {
  inputs: [
    "address",
    "authJwt",
    "caFile",
    "caPem",
    "certFile",
    "certPem",
    "headers",
    "httpAuth",
    "ignoreEnvVars",
    "keyFile",
    "keyPem",
    "region",
    "secretId",
    "skipVerify",
  ],
  secrets: ["headers", "httpAuth", "keyPem", "secretId"],
  json: ["authJwt", "headers", "ignoreEnvVars", "skipVerify"],
};

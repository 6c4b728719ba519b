/** Typed resources of the Pulumi provider for Nomad, 2.6.1: the published tokens, property names and types. */
import * as pulumi from "@pulumi/pulumi";
import type * as inputs from "./types/input";
import type * as outputs from "./types/output";

export type { inputs, outputs };
export type { ProviderArgs } from "./types/input";

type State<T> = Partial<{ [K in keyof T]: pulumi.Input<unknown> }>;

export declare class Provider extends pulumi.ProviderResource {
  static isInstance(value: unknown): value is Provider;
  constructor(name: string, args?: inputs.ProviderArgs, opts?: pulumi.ResourceOptions);
}

/** Logs people and workloads in with tokens of somebody else (OIDC or JWT). */
export declare class AclAuthMethod extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<AclAuthMethod>,
    opts?: pulumi.CustomResourceOptions,
  ): AclAuthMethod;
  static isInstance(value: unknown): value is AclAuthMethod;
  readonly config: pulumi.Output<outputs.AclAuthMethodConfig>;
  readonly default: pulumi.Output<boolean | undefined>;
  readonly maxTokenTtl: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly tokenLocality: pulumi.Output<string>;
  readonly tokenNameFormat: pulumi.Output<string | undefined>;
  readonly type: pulumi.Output<string>;
  constructor(name: string, args: inputs.AclAuthMethodArgs, opts?: pulumi.CustomResourceOptions);
}

/** What a login through an auth method may do. */
export declare class AclBindingRule extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<AclBindingRule>,
    opts?: pulumi.CustomResourceOptions,
  ): AclBindingRule;
  static isInstance(value: unknown): value is AclBindingRule;
  readonly authMethod: pulumi.Output<string>;
  readonly bindName: pulumi.Output<string | undefined>;
  readonly bindType: pulumi.Output<string>;
  readonly description: pulumi.Output<string | undefined>;
  readonly selector: pulumi.Output<string | undefined>;
  constructor(name: string, args: inputs.AclBindingRuleArgs, opts?: pulumi.CustomResourceOptions);
}

/** A named set of rules. A new name replaces it. */
export declare class AclPolicy extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<AclPolicy>,
    opts?: pulumi.CustomResourceOptions,
  ): AclPolicy;
  static isInstance(value: unknown): value is AclPolicy;
  readonly description: pulumi.Output<string | undefined>;
  readonly jobAcl: pulumi.Output<outputs.AclPolicyJobAcl | undefined>;
  readonly name: pulumi.Output<string>;
  readonly rulesHcl: pulumi.Output<string>;
  constructor(name: string, args: inputs.AclPolicyArgs, opts?: pulumi.CustomResourceOptions);
}

/** A bundle of policies that tokens refer to. */
export declare class AclRole extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<AclRole>,
    opts?: pulumi.CustomResourceOptions,
  ): AclRole;
  static isInstance(value: unknown): value is AclRole;
  readonly description: pulumi.Output<string | undefined>;
  readonly name: pulumi.Output<string>;
  readonly policies: pulumi.Output<outputs.AclRolePolicy[]>;
  constructor(name: string, args: inputs.AclRoleArgs, opts?: pulumi.CustomResourceOptions);
}

/** A token; Nomad makes its secret. */
export declare class AclToken extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<AclToken>,
    opts?: pulumi.CustomResourceOptions,
  ): AclToken;
  static isInstance(value: unknown): value is AclToken;
  readonly accessorId: pulumi.Output<string>;
  readonly createTime: pulumi.Output<string>;
  readonly expirationTime: pulumi.Output<string>;
  readonly expirationTtl: pulumi.Output<string | undefined>;
  readonly global: pulumi.Output<boolean | undefined>;
  readonly name: pulumi.Output<string>;
  readonly policies: pulumi.Output<string[] | undefined>;
  readonly roles: pulumi.Output<outputs.AclTokenRole[] | undefined>;
  /** Secret. */
  readonly secretId: pulumi.Output<string>;
  readonly type: pulumi.Output<string>;
  constructor(name: string, args: inputs.AclTokenArgs, opts?: pulumi.CustomResourceOptions);
}

/** A job, registered from its specification. */
export declare class Job extends pulumi.CustomResource {
  static get(name: string, id: pulumi.Input<pulumi.ID>, state?: State<Job>, opts?: pulumi.CustomResourceOptions): Job;
  static isInstance(value: unknown): value is Job;
  readonly allAtOnce: pulumi.Output<boolean>;
  /** @deprecated Not filled any more by the provider. */
  readonly allocationIds: pulumi.Output<string[]>;
  readonly constraints: pulumi.Output<outputs.JobConstraint[]>;
  readonly createIndex: pulumi.Output<number>;
  readonly datacenters: pulumi.Output<string[]>;
  readonly deploymentId: pulumi.Output<string>;
  readonly deploymentStatus: pulumi.Output<string>;
  readonly deregisterOnDestroy: pulumi.Output<boolean | undefined>;
  readonly deregisterOnIdChange: pulumi.Output<boolean | undefined>;
  readonly detach: pulumi.Output<boolean | undefined>;
  readonly hcl2: pulumi.Output<outputs.JobHcl2 | undefined>;
  readonly jobspec: pulumi.Output<string>;
  readonly json: pulumi.Output<boolean | undefined>;
  readonly modifyIndex: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly namespace: pulumi.Output<string>;
  readonly parentId: pulumi.Output<string>;
  readonly periodicConfigs: pulumi.Output<outputs.JobPeriodicConfig[]>;
  readonly policyOverride: pulumi.Output<boolean | undefined>;
  readonly preserveCounts: pulumi.Output<boolean | undefined>;
  readonly priority: pulumi.Output<number>;
  readonly purgeOnDestroy: pulumi.Output<boolean | undefined>;
  /** @deprecated Reading allocation ids from a job is going away. */
  readonly readAllocationIds: pulumi.Output<boolean | undefined>;
  readonly region: pulumi.Output<string>;
  readonly rerunIfDead: pulumi.Output<boolean | undefined>;
  readonly stable: pulumi.Output<boolean>;
  readonly status: pulumi.Output<string>;
  readonly statusDescription: pulumi.Output<string>;
  readonly stop: pulumi.Output<boolean>;
  readonly submitTime: pulumi.Output<string>;
  readonly taskGroups: pulumi.Output<outputs.JobTaskGroup[]>;
  readonly type: pulumi.Output<string>;
  readonly updateStrategies: pulumi.Output<outputs.JobUpdateStrategy[]>;
  readonly version: pulumi.Output<number>;
  constructor(name: string, args: inputs.JobArgs, opts?: pulumi.CustomResourceOptions);
}

/** A namespace for jobs. A new name replaces it. */
export declare class Namespace extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<Namespace>,
    opts?: pulumi.CustomResourceOptions,
  ): Namespace;
  static isInstance(value: unknown): value is Namespace;
  readonly capabilities: pulumi.Output<outputs.NamespaceCapabilities | undefined>;
  readonly consulConfig: pulumi.Output<outputs.NamespaceClusterConfig | undefined>;
  readonly description: pulumi.Output<string | undefined>;
  readonly meta: pulumi.Output<Record<string, string> | undefined>;
  readonly name: pulumi.Output<string>;
  readonly nodePoolConfig: pulumi.Output<outputs.NamespaceNodePoolConfig>;
  readonly quota: pulumi.Output<string | undefined>;
  readonly vaultConfig: pulumi.Output<outputs.NamespaceClusterConfig | undefined>;
  constructor(name: string, args?: inputs.NamespaceArgs, opts?: pulumi.CustomResourceOptions);
}

/** A pool of nodes with scheduling of its own. A new name replaces it. */
export declare class NodePool extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<NodePool>,
    opts?: pulumi.CustomResourceOptions,
  ): NodePool;
  static isInstance(value: unknown): value is NodePool;
  readonly description: pulumi.Output<string | undefined>;
  readonly meta: pulumi.Output<Record<string, string> | undefined>;
  readonly name: pulumi.Output<string>;
  readonly nodeIdentityTtl: pulumi.Output<string>;
  readonly schedulerConfig: pulumi.Output<outputs.NodePoolSchedulerConfig | undefined>;
  constructor(name: string, args?: inputs.NodePoolArgs, opts?: pulumi.CustomResourceOptions);
}

/** The scheduler's settings: one a cluster. */
export declare class SchedulerConfig extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<SchedulerConfig>,
    opts?: pulumi.CustomResourceOptions,
  ): SchedulerConfig;
  static isInstance(value: unknown): value is SchedulerConfig;
  readonly memoryOversubscriptionEnabled: pulumi.Output<boolean | undefined>;
  readonly preemptionConfig: pulumi.Output<Record<string, boolean> | undefined>;
  readonly schedulerAlgorithm: pulumi.Output<string | undefined>;
  constructor(name: string, args?: inputs.SchedulerConfigArgs, opts?: pulumi.CustomResourceOptions);
}

/** A Nomad variable: encrypted key-value pairs that jobs read. A new path or namespace replaces it. */
export declare class Variable extends pulumi.CustomResource {
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state?: State<Variable>,
    opts?: pulumi.CustomResourceOptions,
  ): Variable;
  static isInstance(value: unknown): value is Variable;
  /** Secret. */
  readonly items: pulumi.Output<Record<string, string> | undefined>;
  /** Secret, written and never read back. */
  readonly itemsWo: pulumi.Output<string | undefined>;
  readonly itemsWoVersion: pulumi.Output<number | undefined>;
  readonly namespace: pulumi.Output<string | undefined>;
  readonly path: pulumi.Output<string>;
  constructor(name: string, args: inputs.VariableArgs, opts?: pulumi.CustomResourceOptions);
}

export type AclAuthMethodArgs = inputs.AclAuthMethodArgs;
export type AclBindingRuleArgs = inputs.AclBindingRuleArgs;
export type AclPolicyArgs = inputs.AclPolicyArgs;
export type AclRoleArgs = inputs.AclRoleArgs;
export type AclTokenArgs = inputs.AclTokenArgs;
export type JobArgs = inputs.JobArgs;
export type NamespaceArgs = inputs.NamespaceArgs;
export type NodePoolArgs = inputs.NodePoolArgs;
export type SchedulerConfigArgs = inputs.SchedulerConfigArgs;
export type VariableArgs = inputs.VariableArgs;

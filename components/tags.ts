/** Which cluster a resource belongs to. */
export interface ClusterIdentity {
  readonly project: string;
  readonly stack: string;
  /** `<project>-<stack>`: the name that hosts, repositories and parameters carry. */
  readonly cluster: string;
}

/** Parts of the program that tags and bills can be told apart by. */
export type Component =
  | "network"
  | "encryption"
  | "logs"
  | "bastion"
  | "firewall"
  | "secrets"
  | "servers"
  | "workers"
  | "edge"
  | "service"
  | "monitoring";

export type Tags = Record<string, string>;

/** Tags of every resource: where it comes from, and the name that consoles show. */
export function resourceTags(identity: ClusterIdentity, component: Component, name: string, extra: Tags = {}): Tags {
  return {
    Project: identity.project,
    Stack: identity.stack,
    Cluster: identity.cluster,
    Component: component,
    Name: `${identity.cluster}-${name}`,
    ...extra,
  };
}

/** The tag that servers alone carry, by which every agent finds them (`retry_join`, `server_join`). */
export function autoJoinTag(identity: ClusterIdentity): Tags {
  return { ConsulServers: identity.cluster };
}

import { createHash } from "node:crypto";

/**
 * What Parameter Store holds for a role, under the role's own path: one document a parameter, each small enough for a standard
 * parameter (4 KiB). The boot step `secrets` fetches them; `consul` and `nomad` are configuration files as they stand.
 */

/** Certificate and key travel in one document, so that no host ever pairs a new one with an old one. All PEM. */
export interface TlsDocument {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Read by Consul beside its other files. */
export interface ConsulSecrets {
  readonly encrypt: string;
  readonly acl: {
    readonly tokens: { readonly initial_management?: string; readonly agent: string; readonly dns: string };
  };
}

/** Read by Nomad beside its other files. Servers gossip and have no business in Consul; for workers it is the other way round. */
export type NomadSecrets =
  { readonly server: { readonly encrypt: string } } | { readonly consul: { readonly token: string } };

/** What servers see to: Consul's policies and tokens, of which one is the management token, and Nomad's management token. */
export interface AclDocument {
  readonly consul: {
    readonly management: string;
    readonly policies: readonly { readonly Name: string; readonly Rules: string }[];
    readonly tokens: readonly {
      readonly SecretID: string;
      readonly Description: string;
      readonly Policies: readonly { readonly Name: string }[];
    }[];
  };
  readonly nomad: { readonly BootstrapSecret: string };
}

/** Names of the documents under a role's path. */
export const secretDocuments = {
  servers: ["tls", "consul", "nomad", "acl"],
  workers: ["tls", "consul", "nomad"],
} as const;

/** Tokens of the agents, each a UUID. */
export interface ConsulTokens {
  readonly management: string;
  readonly serverAgent: string;
  readonly workerAgent: string;
  readonly dns: string;
  readonly nomadWorker: string;
}

/**
 * What each token of an agent may do, least first. Sources: Consul's reference of ACL rules; for Nomad, "Consul ACL" in its
 * documentation and the policy of its own compatibility tests, without the rights that only a service mesh needs.
 */
export const consulPolicies = {
  // Consul's own templated policy builtin/dns, by its rules.
  dns: 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" } query_prefix "" { policy = "read" }',
  serverAgent:
    'agent_prefix "server-" { policy = "write" } node_prefix "server-" { policy = "write" } node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }',
  workerAgent:
    'agent_prefix "worker-" { policy = "write" } node_prefix "worker-" { policy = "write" } node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }',
  // Services register with identities of their own; with this token they are taken out again, also when theirs is gone already.
  nomadWorker:
    'agent_prefix "worker-" { policy = "read" } node_prefix "" { policy = "read" } service_prefix "" { policy = "write" }',
} as const;

export function aclDocument(tokens: ConsulTokens, nomadManagement: string): AclDocument {
  const names = Object.keys(consulPolicies) as (keyof typeof consulPolicies)[];
  return {
    consul: {
      management: tokens.management,
      policies: names.map((name) => ({ Name: policyName(name), Rules: consulPolicies[name] })),
      tokens: [
        // Of a new cluster Consul itself makes this one, by `initial_management`.
        { SecretID: tokens.management, Description: "management", Policies: [{ Name: "global-management" }] },
        ...names.map((name) => ({
          SecretID: tokens[name],
          Description: policyName(name),
          Policies: [{ Name: policyName(name) }],
        })),
      ],
    },
    nomad: { BootstrapSecret: nomadManagement },
  };
}

/** `serverAgent` -> `server-agent`. */
const policyName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A gossip key of 32 bytes in base64, out of a password that holds as much chance. */
export const gossipKeyOf = (password: string): string => createHash("sha256").update(password).digest("base64");

/** A UUID (version 4, RFC 9562), which is the form that Consul and Nomad demand of a token, out of a password. */
export function uuidOf(password: string): string {
  const bytes = createHash("sha256").update(password).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

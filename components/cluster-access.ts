import * as pulumi from "@pulumi/pulumi";
import type { AgentAccess } from "./agent-request";
import type { ApiLoadBalancer } from "./api-load-balancer";
import { CONSUL_HTTPS_PORT, NOMAD_HTTPS_PORT } from "./cluster-firewall";
import type { OperatorCredentials } from "./cluster-secrets";

/** The servers' APIs as this program reaches them, with the operator's tokens. */
export interface ClusterAccess {
  readonly consul: AgentAccess;
  readonly nomad: AgentAccess;
}

export interface ClusterAccessArgs {
  readonly api: ApiLoadBalancer;
  readonly operator: OperatorCredentials;
  /** Addresses to use instead of the load balancer's: the near ends of tunnels. */
  readonly overrides: { readonly nomad?: string; readonly consul?: string };
}

export function clusterAccess({ api, operator, overrides }: ClusterAccessArgs): pulumi.Output<ClusterAccess> {
  const { ca, consulToken, nomadToken } = operator;
  return pulumi.all([api.dnsName, ca, consulToken, nomadToken]).apply(([dnsName, ca, consulToken, nomadToken]) => ({
    consul: { address: overrides.consul ?? `https://${dnsName}:${CONSUL_HTTPS_PORT}`, ca, token: consulToken },
    nomad: { address: overrides.nomad ?? `https://${dnsName}:${NOMAD_HTTPS_PORT}`, ca, token: nomadToken },
  }));
}

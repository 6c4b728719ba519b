import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Network } from "./network";
import { recordedInputs } from "./recorded-inputs";
import { allowAllEgress, allowIngress, createSecurityGroup, type Port, tcp, udp } from "./security-rules";
import { type ClusterIdentity, resourceTags } from "./tags";

export const NOMAD_HTTPS_PORT = 4646;
export const CONSUL_HTTPS_PORT = 8501;

/** APIs that operators and this program reach, through the load balancer or the bastion. */
export const API_PORTS: readonly Port[] = [tcp(NOMAD_HTTPS_PORT, "Nomad API"), tcp(CONSUL_HTTPS_PORT, "Consul API")];

const CONSUL_RPC = tcp(8300, "Consul RPC");
const CONSUL_GOSSIP = [tcp(8301, "Consul gossip"), udp(8301, "Consul gossip")];
const CONSUL_WAN_GOSSIP = [tcp(8302, "Consul gossip between servers"), udp(8302, "Consul gossip between servers")];
const NOMAD_RPC = tcp(4647, "Nomad RPC");
const NOMAD_GOSSIP = [tcp(4648, "Nomad gossip"), udp(4648, "Nomad gossip")];
const TASKS: Port = { protocol: "tcp", from: 20000, to: 32000, purpose: "Nomad tasks on dynamic ports" };

type Member = "servers" | "workers";

/** Who may reach what inside the cluster: to, from, ports. Anything that is not here is closed. */
export const MEMBER_RULES: readonly (readonly [to: Member, from: Member, ports: readonly Port[]])[] = [
  ["servers", "servers", [CONSUL_RPC, ...CONSUL_GOSSIP, ...CONSUL_WAN_GOSSIP, NOMAD_RPC, ...NOMAD_GOSSIP]],
  ["servers", "workers", [CONSUL_RPC, ...CONSUL_GOSSIP, NOMAD_RPC]],
  ["workers", "servers", CONSUL_GOSSIP],
  ["workers", "workers", [...CONSUL_GOSSIP, TASKS]],
];

export interface ClusterFirewallArgs {
  readonly identity: ClusterIdentity;
  readonly network: Network;
}

/** The security groups that make a host a member of the cluster, and the table of ports between them. */
export class ClusterFirewall extends pulumi.ComponentResource {
  readonly servers: aws.ec2.SecurityGroup;
  readonly workers: aws.ec2.SecurityGroup;

  constructor(name: string, args: ClusterFirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:ClusterFirewall", name, recordedInputs(args), opts);
    const tags = (member: string) => resourceTags(args.identity, "firewall", member);

    const groups = {
      servers: createSecurityGroup(
        `${name}-servers`,
        { vpcId: args.network.vpc.id, description: "Consul and Nomad servers", tags: tags("servers") },
        this,
      ),
      workers: createSecurityGroup(
        `${name}-workers`,
        { vpcId: args.network.vpc.id, description: "Consul and Nomad clients", tags: tags("workers") },
        this,
      ),
    };
    for (const [to, from, ports] of MEMBER_RULES) {
      const peer = { label: from, group: groups[from] };
      allowIngress(`${name}-${to}`, groups[to], peer, ports, tags(to), this);
    }
    allowAllEgress(`${name}-servers`, groups.servers, tags("servers"), this);
    allowAllEgress(`${name}-workers`, groups.workers, tags("workers"), this);

    this.servers = groups.servers;
    this.workers = groups.workers;
    this.registerOutputs({ serversGroupId: this.servers.id, workersGroupId: this.workers.id });
  }
}

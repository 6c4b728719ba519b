import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Bastion } from "./bastion";
import { API_PORTS, type ClusterFirewall, CONSUL_HTTPS_PORT, NOMAD_HTTPS_PORT } from "./cluster-firewall";
import type { Network } from "./network";
import { recordedInputs } from "./recorded-inputs";
import { allowEgress, allowIngress, createSecurityGroup } from "./security-rules";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface ApiLoadBalancerArgs {
  readonly identity: ClusterIdentity;
  readonly network: Network;
  readonly firewall: ClusterFirewall;
  readonly bastion?: Bastion;
  /** Who may reach the APIs from outside. With none, the load balancer is internal. */
  readonly operatorCidrs: readonly string[];
}

/** What is behind one listener, and the path by which a server is known to be well. */
const APIS = [
  { label: "nomad", port: NOMAD_HTTPS_PORT, healthPath: "/v1/agent/health" },
  { label: "consul", port: CONSUL_HTTPS_PORT, healthPath: "/v1/status/leader" },
] as const;

interface ApiTargets {
  readonly label: string;
  readonly port: number;
  readonly targetGroup: aws.lb.TargetGroup;
  readonly listener: aws.lb.Listener;
}

/** The one address of the servers' Nomad and Consul APIs, for operators and for this program's providers. */
export class ApiLoadBalancer extends pulumi.ComponentResource {
  readonly loadBalancer: aws.lb.LoadBalancer;
  /** Known once it lets operators through to the servers that are attached. */
  readonly dnsName: pulumi.Output<string>;
  readonly #targets: readonly ApiTargets[];

  constructor(name: string, args: ApiLoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:ApiLoadBalancer", name, recordedInputs(args), opts);
    const { identity, network, firewall } = args;
    const tags = resourceTags(identity, "servers", "api");
    const internal = args.operatorCidrs.length === 0;

    const group = createSecurityGroup(
      name,
      { vpcId: network.vpc.id, description: "Load balancer of the servers' APIs", tags },
      this,
    );
    const rules = [
      ...args.operatorCidrs.flatMap((cidr, index) =>
        allowIngress(name, group, { label: `operator-${index}`, cidr }, API_PORTS, tags, this),
      ),
      ...(args.bastion === undefined
        ? []
        : allowIngress(name, group, { label: "bastion", group: args.bastion.securityGroup }, API_PORTS, tags, this)),
      ...allowEgress(name, group, { label: "servers", group: firewall.servers }, API_PORTS, tags, this),
      ...allowIngress(`${name}-servers`, firewall.servers, { label: "api", group }, API_PORTS, tags, this),
    ];

    this.loadBalancer = new aws.lb.LoadBalancer(
      name,
      {
        loadBalancerType: "network",
        internal,
        subnets: internal ? network.privateSubnetIds : network.publicSubnetIds,
        securityGroups: [group.id],
        enableCrossZoneLoadBalancing: true,
        tags,
      },
      { parent: this, dependsOn: internal ? [] : [...network.ingress] },
    );
    this.#targets = APIS.map((api) => this.#createTargets(`${name}-${api.label}`, api, args));
    this.dnsName = pulumi
      .all([
        this.loadBalancer.dnsName,
        ...[...rules, ...this.#targets.map(({ listener }) => listener)].map(({ id }) => id),
      ])
      .apply(([dnsName]) => dnsName!);
    this.registerOutputs({ dnsName: this.dnsName });
  }

  /** Puts a server behind every API. */
  attach(name: string, server: aws.ec2.Instance, parent: pulumi.Resource): aws.lb.TargetGroupAttachment[] {
    return this.#targets.map(
      ({ label, port, targetGroup }) =>
        new aws.lb.TargetGroupAttachment(
          `${name}-${label}`,
          { targetGroupArn: targetGroup.arn, targetId: server.id, port },
          { parent },
        ),
    );
  }

  #createTargets(name: string, api: (typeof APIS)[number], args: ApiLoadBalancerArgs): ApiTargets {
    const tags = resourceTags(args.identity, "servers", `api-${api.label}`);
    const targetGroup = new aws.lb.TargetGroup(
      name,
      {
        vpcId: args.network.vpc.id,
        port: api.port,
        protocol: "TCP",
        targetType: "instance",
        deregistrationDelay: 30,
        healthCheck: {
          protocol: "HTTPS",
          path: api.healthPath,
          port: "traffic-port",
          interval: 5,
          timeout: 2,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        tags,
      },
      { parent: this },
    );
    const listener = new aws.lb.Listener(
      name,
      {
        loadBalancerArn: this.loadBalancer.arn,
        port: api.port,
        protocol: "TCP",
        defaultActions: [{ type: "forward", targetGroupArn: targetGroup.arn }],
        tags,
      },
      { parent: this },
    );
    return { label: api.label, port: api.port, targetGroup, listener };
  }
}

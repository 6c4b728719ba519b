import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Bastion } from "./bastion";
import { API_PORTS, type ClusterFirewall, CONSUL_HTTP_PORT, NOMAD_HTTP_PORT } from "./cluster-firewall";
import type { Network } from "./network";
import { recordedInputs } from "./recorded-inputs";
import { allowEgress, allowIngress, createSecurityGroup } from "./security-rules";
import { type ClusterIdentity, resourceTags } from "./tags";

export interface ApiLoadBalancerArgs {
  readonly identity: ClusterIdentity;
  readonly network: Network;
  readonly firewall: ClusterFirewall;
  readonly bastion?: Bastion;
  /** The servers. */
  readonly instances: readonly aws.ec2.Instance[];
  /** Who may reach the APIs from outside. With none, the load balancer is internal. */
  readonly operatorCidrs: readonly string[];
}

/** What is behind one listener, and the path by which a server is known to be well. */
const APIS = [
  { label: "nomad", port: NOMAD_HTTP_PORT, healthPath: "/v1/agent/health" },
  { label: "consul", port: CONSUL_HTTP_PORT, healthPath: "/v1/status/leader" },
] as const;

/** The one address of the servers' Nomad and Consul APIs, for operators and for this program's providers. */
export class ApiLoadBalancer extends pulumi.ComponentResource {
  readonly loadBalancer: aws.lb.LoadBalancer;
  /** Answers once everything that it takes to reach a server exists. */
  readonly dnsName: pulumi.Output<string>;

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
    const reachable = APIS.flatMap((api) => this.#createListener(`${name}-${api.label}`, api, args));

    this.dnsName = pulumi
      .all([this.loadBalancer.dnsName, ...[...rules, ...reachable].map((resource) => resource.id)])
      .apply(([dnsName]) => dnsName!);
    this.registerOutputs({ dnsName: this.dnsName });
  }

  #createListener(
    name: string,
    api: (typeof APIS)[number],
    args: ApiLoadBalancerArgs,
  ): (aws.lb.Listener | aws.lb.TargetGroupAttachment)[] {
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
          protocol: "HTTP",
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
    const attachments = args.instances.map(
      (instance, index) =>
        new aws.lb.TargetGroupAttachment(
          `${name}-${index + 1}`,
          { targetGroupArn: targetGroup.arn, targetId: instance.id, port: api.port },
          { parent: this },
        ),
    );
    return [listener, ...attachments];
  }
}

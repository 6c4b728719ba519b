import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
  StopInstancesCommand,
  type Instance,
  type NetworkInterface,
  type RouteTable,
  type SecurityGroupRule,
  type Subnet,
  type Volume,
  type Vpc,
  type VpcEndpoint,
} from "@aws-sdk/client-ec2";
import {
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeSSLPoliciesCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type Listener,
  type LoadBalancer,
  type TargetGroup,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** What the API gives as a list of attributes. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** How a listener speaks TLS. */
export interface ListenerTls {
  /** Certificate, chain and private key. */
  readonly pem: string;
  /** Such as `TLSv1.2`. */
  readonly protocols: readonly string[];
  /** In OpenSSL's words. */
  readonly ciphers: readonly string[];
}

export interface ListenerState extends Listener {
  readonly attributes: Attributes;
  /** Of listeners with HTTPS, whose certificate was imported. */
  readonly tls?: ListenerTls;
}

export interface LoadBalancerState extends LoadBalancer {
  readonly attributes: Attributes;
  readonly listeners: readonly ListenerState[];
}

/** A target group with the targets registered in it. */
export interface TargetGroupState extends TargetGroup {
  readonly targets: readonly { readonly id: string; readonly port: number }[];
  readonly deregistrationDelaySeconds: number;
  /** Requests go to the target that has fewest under way, instead of by turns. */
  readonly leastOutstanding: boolean;
}

/** What the AWS API says there is, read in one go: what hosts, networks and load balancers have to agree with. */
export interface CloudState {
  readonly vpcs: readonly Vpc[];
  readonly subnets: readonly Subnet[];
  readonly routeTables: readonly RouteTable[];
  readonly vpcEndpoints: readonly VpcEndpoint[];
  readonly instances: readonly Instance[];
  readonly interfaces: readonly NetworkInterface[];
  readonly securityGroupRules: readonly SecurityGroupRule[];
  readonly volumes: readonly Volume[];
  readonly loadBalancers: readonly LoadBalancerState[];
  readonly targetGroups: readonly TargetGroupState[];
}

/** Reads the state of the cloud through its API, and nothing else. */
export class StateReader {
  private readonly ec2: EC2Client;
  private readonly elb: ElasticLoadBalancingV2Client;
  private readonly imageNames = new Map<string, string>();

  constructor(
    endpoint: string,
    region: string,
    private readonly certificates: string,
  ) {
    const settings = { endpoint, region, credentials: { accessKeyId: "hypervisor", secretAccessKey: "hypervisor" } };
    this.ec2 = new EC2Client(settings);
    this.elb = new ElasticLoadBalancingV2Client(settings);
  }

  async read(): Promise<CloudState> {
    const { ec2 } = this;
    const [vpcs, subnets, routeTables, endpoints, reservations, interfaces, rules, volumes, balancers, groups] =
      await Promise.all([
        ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["false"] }] })),
        ec2.send(new DescribeSubnetsCommand({})),
        ec2.send(new DescribeRouteTablesCommand({})),
        ec2.send(new DescribeVpcEndpointsCommand({})),
        ec2.send(new DescribeInstancesCommand({})),
        ec2.send(new DescribeNetworkInterfacesCommand({})),
        ec2.send(new DescribeSecurityGroupRulesCommand({})),
        ec2.send(new DescribeVolumesCommand({})),
        this.elb.send(new DescribeLoadBalancersCommand({})),
        this.elb.send(new DescribeTargetGroupsCommand({})),
      ]);
    return {
      vpcs: vpcs.Vpcs ?? [],
      subnets: subnets.Subnets ?? [],
      routeTables: routeTables.RouteTables ?? [],
      vpcEndpoints: endpoints.VpcEndpoints ?? [],
      instances: (reservations.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []),
      interfaces: interfaces.NetworkInterfaces ?? [],
      securityGroupRules: rules.SecurityGroupRules ?? [],
      volumes: volumes.Volumes ?? [],
      loadBalancers: await Promise.all((balancers.LoadBalancers ?? []).map((balancer) => this.withListeners(balancer))),
      targetGroups: await Promise.all((groups.TargetGroups ?? []).map((group) => this.withTargets(group))),
    };
  }

  /** Tells the API that an instance has shut itself down. */
  async stop(instanceId: string): Promise<void> {
    await this.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
  }

  /** The name of a machine image, such as `debian-12-amd64-20261101-0001`. */
  async imageName(imageId: string): Promise<string> {
    const known = this.imageNames.get(imageId);
    if (known !== undefined) return known;
    const { Images } = await this.ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    const name = Images?.[0]?.Name ?? "";
    this.imageNames.set(imageId, name);
    return name;
  }

  private async withListeners(balancer: LoadBalancer): Promise<LoadBalancerState> {
    const { LoadBalancerArn } = balancer;
    const [{ Attributes }, { Listeners }] = await Promise.all([
      this.elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn })),
      this.elb.send(new DescribeListenersCommand({ LoadBalancerArn })),
    ]);
    const listeners = await Promise.all((Listeners ?? []).map((listener) => this.withAttributes(listener)));
    return { ...balancer, attributes: byKey(Attributes), listeners };
  }

  private async withAttributes(listener: Listener): Promise<ListenerState> {
    const { ListenerArn } = listener;
    const { Attributes } = await this.elb.send(new DescribeListenerAttributesCommand({ ListenerArn }));
    const tls = listener.Protocol === "HTTPS" ? await this.tls(listener) : undefined;
    return { ...listener, attributes: byKey(Attributes), tls };
  }

  private async tls({ SslPolicy, Certificates }: Listener): Promise<ListenerTls | undefined> {
    const id = Certificates?.[0]?.CertificateArn?.split("/").pop();
    const [pem, { SslPolicies }] = await Promise.all([
      fs.readFile(path.join(this.certificates, `${id}.pem`), "utf8").catch(() => undefined),
      this.elb.send(new DescribeSSLPoliciesCommand({ Names: [SslPolicy!] })),
    ]);
    const { SslProtocols: protocols, Ciphers } = SslPolicies![0]!;
    return pem === undefined ? undefined : { pem, protocols: protocols!, ciphers: Ciphers!.map(({ Name }) => Name!) };
  }

  private async withTargets(group: TargetGroup): Promise<TargetGroupState> {
    const TargetGroupArn = group.TargetGroupArn;
    const [health, attributes] = await Promise.all([
      this.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn })),
      this.elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn })),
    ]);
    const settings = byKey(attributes.Attributes);
    return {
      ...group,
      targets: (health.TargetHealthDescriptions ?? []).map(({ Target }) => ({
        id: Target!.Id!,
        port: Target!.Port ?? group.Port!,
      })),
      deregistrationDelaySeconds: Number(settings["deregistration_delay.timeout_seconds"] ?? 300),
      leastOutstanding: settings["load_balancing.algorithm.type"] === "least_outstanding_requests",
    };
  }
}

function byKey(attributes: readonly { Key?: string; Value?: string }[] = []): Attributes {
  return Object.fromEntries(attributes.map(({ Key, Value }) => [Key!, Value]));
}

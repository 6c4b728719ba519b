import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { zoneCidrs, zoneLetter } from "./cidr";
import { createFlowLogs } from "./flow-logs";
import { recordedInputs } from "./recorded-inputs";
import { allowIngress, createSecurityGroup, tcp } from "./security-rules";
import { type ClusterIdentity, resourceTags, type Tags } from "./tags";

/** How private subnets reach the internet: not at all, through one gateway, or through one in each zone. */
export type NatGateways = "none" | "single" | "per-zone";

export interface NetworkArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  readonly vpcCidr: string;
  /** Number of availability zones. */
  readonly zones: number;
  readonly natGateways: NatGateways;
  readonly flowLogs: boolean;
  /** Encrypts the flow logs instead of the key that CloudWatch Logs has of its own. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
}

/** The subnets of one availability zone. */
export interface Zone {
  /** Its place in the region's list of zones: `a`, `b`, ... */
  readonly letter: string;
  readonly publicCidr: string;
  readonly publicSubnet: aws.ec2.Subnet;
  readonly privateSubnet: aws.ec2.Subnet;
  readonly privateRoutes: aws.ec2.RouteTable;
}

/** APIs that hosts without a way to the internet still need, each as an endpoint inside the VPC. */
export const ENDPOINT_SERVICES = [
  "autoscaling",
  "ec2",
  "ec2messages",
  "ecr.api",
  "ecr.dkr",
  "logs",
  "monitoring",
  "ssm",
  "ssmmessages",
];

/**
 * A VPC with a public and a private subnet in each zone. Load balancers, NAT gateways and the bastion are public, servers and
 * workers private. Everything of a zone is named by the zone's letter, so that adding one replaces nothing.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpc: aws.ec2.Vpc;
  readonly zones: readonly Zone[];
  /** What must exist before a private host can reach anything outside: instances depend on it. */
  readonly egress: readonly pulumi.Resource[];
  /** What must exist before a public address answers: load balancers and the bastion depend on it. */
  readonly ingress: readonly pulumi.Resource[];

  readonly #name: string;
  readonly #args: NetworkArgs;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:Network", name, recordedInputs(args), opts);
    this.#name = name;
    this.#args = args;

    this.vpc = new aws.ec2.Vpc(
      `${name}-vpc`,
      { cidrBlock: args.vpcCidr, enableDnsHostnames: true, enableDnsSupport: true, tags: this.#tags("vpc") },
      { parent: this },
    );
    new aws.ec2.DefaultSecurityGroup(
      `${name}-default`,
      { vpcId: this.vpc.id, ingress: [], egress: [], tags: this.#tags("default") },
      { parent: this },
    );
    const publicRoutes = this.#createPublicRoutes();
    this.zones = this.#createZones();
    this.ingress = [publicRoutes.route, ...this.#publicAssociations(publicRoutes.table)];
    this.egress = [...this.#createNat(), ...this.#createEndpoints(publicRoutes.table)];
    if (args.flowLogs) {
      createFlowLogs(
        name,
        {
          vpcId: this.vpc.id,
          cluster: args.identity.cluster,
          encryptionKeyArn: args.encryptionKeyArn,
          tags: this.#tags("flow-logs"),
        },
        this,
      );
    }

    this.registerOutputs({ vpcId: this.vpc.id });
  }

  get publicSubnetIds(): pulumi.Output<string>[] {
    return this.zones.map((zone) => zone.publicSubnet.id);
  }

  get privateSubnetIds(): pulumi.Output<string>[] {
    return this.zones.map((zone) => zone.privateSubnet.id);
  }

  /** The zone of the n-th of several hosts, which are dealt out to the zones in turn. */
  zoneOf(index: number): Zone {
    return this.zones[index % this.zones.length]!;
  }

  /** The private subnet of a zone by AWS's name of it, such as `eu-west-1a`. */
  privateSubnetIdIn(zone: pulumi.Output<string>): pulumi.Output<string> {
    const subnets = this.zones.map(({ privateSubnet: { availabilityZone, id } }) => pulumi.all([availabilityZone, id]));
    return pulumi.all([zone, pulumi.all(subnets)]).apply(([wanted, known]) => subnetIn(wanted, new Map(known)));
  }

  #tags(name: string): Tags {
    return resourceTags(this.#args.identity, "network", name);
  }

  #createPublicRoutes(): { table: aws.ec2.RouteTable; route: aws.ec2.Route } {
    const gateway = new aws.ec2.InternetGateway(
      `${this.#name}-internet`,
      { vpcId: this.vpc.id, tags: this.#tags("internet") },
      { parent: this },
    );
    const table = new aws.ec2.RouteTable(
      `${this.#name}-public`,
      { vpcId: this.vpc.id, tags: this.#tags("public") },
      { parent: this },
    );
    const route = new aws.ec2.Route(
      `${this.#name}-public-internet`,
      { routeTableId: table.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
      { parent: this },
    );
    return { table, route };
  }

  #createZones(): Zone[] {
    const names = aws.getAvailabilityZonesOutput(
      { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
      { parent: this },
    ).names;
    return Array.from({ length: this.#args.zones }, (_, slot) => {
      const letter = zoneLetter(slot);
      const cidrs = zoneCidrs(this.#args.vpcCidr, slot);
      const availabilityZone = names.apply((available) => zoneAt(available, slot, this.#args.region));
      // A zone that the region's list loses or gains must not move the subnets that exist.
      const options = { parent: this, ignoreChanges: ["availabilityZone"] };
      const publicSubnet = new aws.ec2.Subnet(
        `${this.#name}-public-${letter}`,
        { vpcId: this.vpc.id, availabilityZone, cidrBlock: cidrs.public, tags: this.#tags(`public-${letter}`) },
        options,
      );
      const privateSubnet = new aws.ec2.Subnet(
        `${this.#name}-private-${letter}`,
        { vpcId: this.vpc.id, availabilityZone, cidrBlock: cidrs.private, tags: this.#tags(`private-${letter}`) },
        options,
      );
      const privateRoutes = new aws.ec2.RouteTable(
        `${this.#name}-private-${letter}`,
        { vpcId: this.vpc.id, tags: this.#tags(`private-${letter}`) },
        { parent: this },
      );
      return { letter, publicCidr: cidrs.public, publicSubnet, privateSubnet, privateRoutes };
    });
  }

  #publicAssociations(table: aws.ec2.RouteTable): pulumi.Resource[] {
    return this.zones.map(
      ({ letter, publicSubnet }) =>
        new aws.ec2.RouteTableAssociation(
          `${this.#name}-public-${letter}`,
          { routeTableId: table.id, subnetId: publicSubnet.id },
          { parent: this },
        ),
    );
  }

  /** Each zone has a route table of its own, so that going from one gateway to several changes routes only. */
  #createNat(): pulumi.Resource[] {
    const associations = this.zones.map(
      ({ letter, privateSubnet, privateRoutes }) =>
        new aws.ec2.RouteTableAssociation(
          `${this.#name}-private-${letter}`,
          { routeTableId: privateRoutes.id, subnetId: privateSubnet.id },
          { parent: this },
        ),
    );
    if (this.#args.natGateways === "none") return associations;

    const placed = this.#args.natGateways === "single" ? this.zones.slice(0, 1) : this.zones;
    const gateways = placed.map(({ letter, publicSubnet }) => {
      const address = new aws.ec2.Eip(
        `${this.#name}-nat-${letter}`,
        { domain: "vpc", tags: this.#tags(`nat-${letter}`) },
        { parent: this, dependsOn: this.ingress as pulumi.Resource[] },
      );
      return new aws.ec2.NatGateway(
        `${this.#name}-nat-${letter}`,
        { allocationId: address.id, subnetId: publicSubnet.id, tags: this.#tags(`nat-${letter}`) },
        { parent: this, dependsOn: this.ingress as pulumi.Resource[] },
      );
    });
    const routes = this.zones.map(
      ({ letter, privateRoutes }, slot) =>
        new aws.ec2.Route(
          `${this.#name}-private-${letter}-nat`,
          {
            routeTableId: privateRoutes.id,
            destinationCidrBlock: "0.0.0.0/0",
            natGatewayId: gateways[slot % gateways.length]!.id,
          },
          { parent: this },
        ),
    );
    return [...associations, ...routes];
  }

  #createEndpoints(publicRoutes: aws.ec2.RouteTable): pulumi.Resource[] {
    const { region, natGateways } = this.#args;
    const storage = new aws.ec2.VpcEndpoint(
      `${this.#name}-s3`,
      {
        vpcId: this.vpc.id,
        serviceName: `com.amazonaws.${region}.s3`,
        vpcEndpointType: "Gateway",
        routeTableIds: [publicRoutes.id, ...this.zones.map((zone) => zone.privateRoutes.id)],
        tags: this.#tags("s3"),
      },
      { parent: this },
    );
    if (natGateways !== "none") return [storage];

    const group = createSecurityGroup(
      `${this.#name}-endpoints`,
      { vpcId: this.vpc.id, description: "Endpoints of AWS APIs inside the VPC", tags: this.#tags("endpoints") },
      this,
    );
    const peer = { label: "vpc", cidr: this.vpc.cidrBlock };
    const rules = allowIngress(
      `${this.#name}-endpoints`,
      group,
      peer,
      [tcp(443, "AWS APIs")],
      this.#tags("endpoints"),
      this,
    );
    const endpoints = ENDPOINT_SERVICES.map(
      (service) =>
        new aws.ec2.VpcEndpoint(
          `${this.#name}-${service.replace(".", "-")}`,
          {
            vpcId: this.vpc.id,
            serviceName: `com.amazonaws.${region}.${service}`,
            vpcEndpointType: "Interface",
            subnetIds: this.privateSubnetIds,
            securityGroupIds: [group.id],
            privateDnsEnabled: true,
            tags: this.#tags(service.replace(".", "-")),
          },
          { parent: this },
        ),
    );
    return [storage, ...rules, ...endpoints];
  }
}

/** The name of the zone in a slot. The list is sorted, so that a slot keeps its zone whatever order the API answers in. */
function zoneAt(available: readonly string[], slot: number, region: string): string {
  const zone = [...available].sort()[slot];
  if (zone === undefined) {
    throw new pulumi.RunError(
      `zones: expected at most ${available.length} (what ${region} offers this account), got at least ${slot + 1}; ` +
        `lower it with: pulumi config set zones ${available.length}`,
    );
  }
  return zone;
}

/** The id of a zone's subnet, of those that there are by zone. Throws, with what to do, when the zone has none. */
export function subnetIn(zone: string, subnets: ReadonlyMap<string, string>): string {
  const id = subnets.get(zone);
  if (id !== undefined) return id;
  throw new pulumi.RunError(
    `zones: expected a subnet in ${zone}, where a server's disk is, got subnets in ${[...subnets.keys()].join(", ")}: ` +
      "set zones back; a server moves to another zone by a new disk only",
  );
}

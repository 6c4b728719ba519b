import { Network, type NetworkArgs, subnetIn } from "../../components/network";
import { type RecordingMocks, settle, startMocks } from "./recording-mocks";
import { PROGRAM_TIMEOUT_MS } from "./run-program";

const ARGS: NetworkArgs = {
  identity: { project: "cluster", stack: "test", cluster: "cluster-test" },
  region: "eu-west-1",
  vpcCidr: "10.42.0.0/16",
  zones: 2,
  natGateways: "none",
  flowLogs: false,
};

describe("Network", () => {
  let mocks: RecordingMocks;
  const networks: Record<string, Network> = {};
  beforeAll(async () => {
    mocks = await startMocks("up");
    networks.closed = new Network("closed", ARGS);
    networks.two = new Network("two", { ...ARGS, natGateways: "single" });
    networks.three = new Network("three", { ...ARGS, natGateways: "single", zones: 3 });
    networks.each = new Network("each", { ...ARGS, natGateways: "per-zone", zones: 3 });
    networks.logged = new Network("logged", { ...ARGS, flowLogs: true });
    await settle(mocks);
  }, PROGRAM_TIMEOUT_MS);

  /** What a network registered, with its own name taken out. */
  function registrationsOf(network: string): Record<string, unknown> {
    const own = mocks.registrations.filter(({ name, custom }) => custom && name.startsWith(`${network}-`));
    return Object.fromEntries(
      own.map(({ type, name, inputs }) => [
        `${type} ${name.slice(network.length + 1)}`,
        JSON.parse(JSON.stringify(inputs).replaceAll(`"${network}-`, '"')) as unknown,
      ]),
    );
  }

  it("adds a zone without touching what the other zones have", () => {
    const two = registrationsOf("two");
    const three = registrationsOf("three");
    for (const [name, inputs] of Object.entries(two)) {
      if (name === "aws:ec2/vpcEndpoint:VpcEndpoint s3") continue;
      expect([name, three[name]]).toEqual([name, inputs]);
    }
    expect(Object.keys(three).filter((name) => !(name in two))).toEqual([
      "aws:ec2/routeTable:RouteTable private-c",
      "aws:ec2/subnet:Subnet public-c",
      "aws:ec2/subnet:Subnet private-c",
      "aws:ec2/routeTableAssociation:RouteTableAssociation public-c",
      "aws:ec2/routeTableAssociation:RouteTableAssociation private-c",
      "aws:ec2/route:Route private-c-nat",
    ]);
  });

  it("goes from one NAT gateway to one a zone by changing routes only", () => {
    const single = registrationsOf("three");
    const perZone = registrationsOf("each");
    const changed = Object.keys(single).filter(
      (name) => JSON.stringify(single[name]) !== JSON.stringify(perZone[name]),
    );
    expect(changed).toEqual(["aws:ec2/route:Route private-b-nat", "aws:ec2/route:Route private-c-nat"]);
  });

  it("puts zones in the order of their names, whatever order the API answers in", () => {
    const subnets = mocks.ofType("aws:ec2/subnet:Subnet");
    expect(["a", "b", "c"].map((zone) => subnets[`three-private-${zone}`]!.inputs.availabilityZone)).toEqual([
      "eu-west-1a",
      "eu-west-1b",
      "eu-west-1c",
    ]);
    expect(subnets["three-private-c"]!.options.ignoreChanges).toEqual(["availabilityZone"]);
  });

  it("gives closed hosts AWS's own APIs through endpoints in the VPC, for HTTPS from the VPC alone", () => {
    const endpoints = Object.values(mocks.ofType("aws:ec2/vpcEndpoint:VpcEndpoint")).filter(({ name }) =>
      name.startsWith("closed-"),
    );
    expect(endpoints.map(({ inputs }) => `${inputs.vpcEndpointType} ${inputs.serviceName}`).sort()).toEqual([
      "Gateway com.amazonaws.eu-west-1.s3",
      "Interface com.amazonaws.eu-west-1.autoscaling",
      "Interface com.amazonaws.eu-west-1.ec2",
      "Interface com.amazonaws.eu-west-1.ec2messages",
      "Interface com.amazonaws.eu-west-1.ecr.api",
      "Interface com.amazonaws.eu-west-1.ecr.dkr",
      "Interface com.amazonaws.eu-west-1.logs",
      "Interface com.amazonaws.eu-west-1.monitoring",
      "Interface com.amazonaws.eu-west-1.ssm",
      "Interface com.amazonaws.eu-west-1.ssmmessages",
    ]);
    const rules = Object.values(mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"));
    const own = rules.filter(({ inputs }) => inputs.securityGroupId === "closed-endpoints-id");
    expect(own.map(({ inputs }) => [inputs.cidrIpv4, inputs.ipProtocol, inputs.fromPort, inputs.toPort])).toEqual([
      ["10.42.0.0/16", "tcp", 443, 443],
    ]);
    const types = Object.keys(registrationsOf("closed")).map((name) => name.split(" ")[0]);
    expect(types).not.toContain("aws:ec2/natGateway:NatGateway");
    expect(types).not.toContain("aws:ec2/eip:Eip");
  });

  it("empties the default security group", () => {
    expect(mocks.ofType("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")["two-default"]!.inputs).toMatchObject({
      vpcId: "two-vpc-id",
      ingress: [],
      egress: [],
    });
  });

  it("keeps flow logs of all traffic for thirty days when asked to", () => {
    expect(mocks.ofType("aws:ec2/flowLog:FlowLog")["logged-flow-logs"]!.inputs).toMatchObject({
      vpcId: "logged-vpc-id",
      trafficType: "ALL",
      logDestination: "arn:logged-flow-logs",
    });
    expect(mocks.ofType("aws:cloudwatch/logGroup:LogGroup")["logged-flow-logs"]!.inputs.retentionInDays).toBe(30);
    expect(Object.keys(mocks.ofType("aws:ec2/flowLog:FlowLog"))).toEqual(["logged-flow-logs"]);
  });

  it("says which zones it has when a server's disk is in another", () => {
    const subnets = new Map([
      ["eu-west-1a", "subnet-a"],
      ["eu-west-1b", "subnet-b"],
    ]);
    expect(subnetIn("eu-west-1b", subnets)).toBe("subnet-b");
    expect(() => subnetIn("eu-west-1c", subnets)).toThrow(
      "zones: expected a subnet in eu-west-1c, where a server's disk is, got subnets in eu-west-1a, eu-west-1b: set zones back; " +
        "a server moves to another zone by a new disk only",
    );
  });

  it("deals hosts out to its zones in turn", () => {
    expect([0, 1, 2, 3].map((index) => networks.three!.zoneOf(index).letter)).toEqual(["a", "b", "c", "a"]);
  });
});

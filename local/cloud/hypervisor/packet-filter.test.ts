import { hopLimits } from "./hop-limits";
import { packetFilter } from "./packet-filter";
import type { CloudState } from "./state";

const empty: CloudState = {
  vpcs: [{ VpcId: "vpc-1", CidrBlock: "10.42.0.0/16" }],
  subnets: [],
  routeTables: [],
  vpcEndpoints: [],
  instances: [],
  interfaces: [],
  securityGroupRules: [],
  volumes: [],
  loadBalancers: [],
  targetGroups: [],
};
const worker = { vpcId: "vpc-1", subnetId: "subnet-1", groupIds: ["sg-worker"], hasPublicAddress: false };
const routed = (route: object) => [{ VpcId: "vpc-1", Associations: [{ SubnetId: "subnet-1" }], Routes: [route] }];
const toNat = routed({ DestinationCidrBlock: "0.0.0.0/0", NatGatewayId: "nat-1" });
const chain = (rules: string, name: string) =>
  rules
    .split(`chain ${name} {`)[1]!
    .split("}\n")[0]!
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

describe("packetFilter", () => {
  it("drops all that no rule allows, except answers and the cloud's own services", () => {
    const rules = packetFilter({ ...empty, routeTables: toNat }, worker);
    expect(chain(rules, "ingress").slice(1)).toEqual([
      'iifname != "eth0" accept',
      "ct state established,related accept",
      "ip saddr { 10.42.0.2, 169.254.169.253-169.254.169.254 } accept",
      "drop",
    ]);
    expect(chain(rules, "egress").slice(1)).toEqual([
      'oifname != "eth0" accept',
      "ct state established,related accept",
      "ip daddr 169.254.169.253-169.254.169.254 accept",
      "ip daddr 10.42.0.2 meta l4proto { tcp, udp } th dport 53 accept",
      "drop",
    ]);
  });

  it("lets nothing new in for groups that are none, and everything for a load balancer that was made without groups", () => {
    const ingress = (groupIds: readonly string[] | undefined) =>
      chain(packetFilter({ ...empty, routeTables: toNat }, { ...worker, groupIds }), "ingress").slice(4);
    expect(ingress([])).toEqual(["drop"]);
    expect(ingress(undefined)).toEqual(["accept", "drop"]);
  });

  it("allows a referenced group by the addresses of its members, hosts and load balancers alike", () => {
    const rules = packetFilter(
      {
        ...empty,
        routeTables: toNat,
        interfaces: [{ PrivateIpAddress: "10.42.0.9", Groups: [{ GroupId: "sg-edge" }] }],
        instances: [
          { PrivateIpAddress: "10.42.1.4", State: { Name: "running" }, SecurityGroups: [{ GroupId: "sg-edge" }] },
          { PrivateIpAddress: "10.42.1.5", State: { Name: "terminated" }, SecurityGroups: [{ GroupId: "sg-edge" }] },
        ],
        securityGroupRules: [
          {
            GroupId: "sg-worker",
            IsEgress: false,
            IpProtocol: "tcp",
            FromPort: 8080,
            ToPort: 8081,
            ReferencedGroupInfo: { GroupId: "sg-edge" },
          },
          { GroupId: "sg-other", IsEgress: false, IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" },
        ],
      },
      worker,
    );
    expect(chain(rules, "ingress").slice(4)).toEqual([
      "ip saddr 10.42.0.9 tcp dport 8080-8081 accept",
      "ip saddr 10.42.1.4 tcp dport 8080-8081 accept",
      "drop",
    ]);
  });

  it("lets the machine's loopback in as the router where a rule covers it", () => {
    const rules = packetFilter(
      {
        ...empty,
        securityGroupRules: [
          {
            GroupId: "sg-worker",
            IsEgress: false,
            IpProtocol: "tcp",
            FromPort: 80,
            ToPort: 80,
            CidrIpv4: "127.0.0.0/8",
          },
          {
            GroupId: "sg-worker",
            IsEgress: false,
            IpProtocol: "udp",
            FromPort: 53,
            ToPort: 53,
            CidrIpv4: "192.0.2.0/24",
          },
        ],
      },
      worker,
    );
    expect(chain(rules, "ingress").slice(4)).toEqual([
      "ip saddr 10.42.0.1 tcp dport 80 accept",
      "ip saddr 127.0.0.0/8 tcp dport 80 accept",
      "ip saddr 192.0.2.0/24 udp dport 53 accept",
      "drop",
    ]);
  });

  const everywhere = [{ GroupId: "sg-worker", IsEgress: true, IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" }];
  const toInternet = routed({ DestinationCidrBlock: "0.0.0.0/0", GatewayId: "igw-1" });

  it.each([
    ["a NAT gateway", toNat, false, []],
    ["an internet gateway and a public address", toInternet, true, []],
    [
      "an internet gateway without a public address",
      toInternet,
      false,
      ["ip daddr != 10.42.0.0/16 drop", "ip daddr 10.42.0.2 tcp dport 443 drop"],
    ],
    ["no route", [], false, ["ip daddr != 10.42.0.0/16 drop", "ip daddr 10.42.0.2 tcp dport 443 drop"]],
  ])("reaches the outside by its subnet's routes: %s", (_, routeTables, hasPublicAddress, blocked) => {
    const rules = packetFilter(
      { ...empty, routeTables, securityGroupRules: everywhere },
      { ...worker, hasPublicAddress },
    );
    expect(chain(rules, "egress").slice(5)).toEqual([
      ...blocked,
      "ip daddr 0.0.0.0/0 accept",
      "ip daddr 10.42.0.1 accept",
      "drop",
    ]);
  });

  it("reaches the AWS API by interface endpoints where no route leads out", () => {
    const vpcEndpoints = [{ VpcId: "vpc-1", VpcEndpointType: "Interface" as const }];
    const rules = packetFilter({ ...empty, vpcEndpoints, securityGroupRules: everywhere }, worker);
    expect(chain(rules, "egress")[5]).toBe("ip daddr != 10.42.0.0/16 drop");
    expect(rules).not.toContain("dport 443 drop");
  });

  it("refuses a protocol that it does not model", () => {
    const securityGroupRules = [{ GroupId: "sg-worker", IsEgress: true, IpProtocol: "sctp", CidrIpv4: "10.0.0.0/8" }];
    expect(() => packetFilter({ ...empty, securityGroupRules }, worker)).toThrow(
      "security group rule: protocol sctp is not modelled: use tcp, udp, icmp or -1",
    );
  });
});

describe("hopLimits", () => {
  it("ends metadata answers at each running instance, or as far behind it as its options say", () => {
    const rules = hopLimits({
      ...empty,
      instances: [
        { PrivateIpAddress: "10.42.1.5", State: { Name: "running" }, MetadataOptions: { HttpPutResponseHopLimit: 2 } },
        { PrivateIpAddress: "10.42.1.4", State: { Name: "running" } },
        { PrivateIpAddress: "10.42.1.6", State: { Name: "terminated" } },
      ],
    });
    expect(chain(rules, "answers").slice(1)).toEqual([
      "ip saddr 169.254.169.254 ip daddr 10.42.1.4 ip ttl set 1",
      "ip saddr 169.254.169.254 ip daddr 10.42.1.5 ip ttl set 2",
    ]);
  });
});

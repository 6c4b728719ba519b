import { clusterPorts, namedPorts, openGroups, worldOpenPorts } from "./ingress";
import { judge, type TestResource } from "./test-resources";
import {
  EGRESS_RULE,
  INGRESS_RULE,
  INSTANCE,
  LAUNCH_TEMPLATE,
  LOAD_BALANCER,
  SECURITY_GROUP,
  VPC_ENDPOINT,
} from "./types";

const OFFICE = "203.0.113.0/24";
const WORLD = "0.0.0.0/0";

const tcp = (port: number, to = port) => ({ ipProtocol: "tcp", fromPort: port, toPort: to });
const ingress = (props: object) => ({ type: INGRESS_RULE, props });

describe("named-ports", () => {
  it("lets named ports pass", () => {
    expect(judge(namedPorts, ingress(tcp(8300)))).toEqual([]);
    expect(judge(namedPorts, ingress({ ...tcp(20000, 32000), ipProtocol: "udp" }))).toEqual([]);
  });

  it.each([
    [{ ipProtocol: "-1" }, 'ipProtocol: expected "tcp" or "udp", got "-1"; name the protocol and its ports'],
    [{ ipProtocol: "tcp" }, "fromPort and toPort: expected a range of ports, got [null,null]; name the ports"],
    [tcp(0, 65535), "fromPort and toPort: expected a range of ports, got [0,65535]; name the ports"],
  ])("refuses %j", (props, message) => expect(judge(namedPorts, ingress(props))).toEqual([message]));
});

describe("world-open-ports", () => {
  it.each([
    { ...tcp(80), cidrIpv4: WORLD },
    { ...tcp(443), cidrIpv6: "::/0" },
    { ...tcp(22), cidrIpv4: OFFICE },
    { ...tcp(4646), cidrIpv4: "10.0.0.0/8" },
    { ...tcp(22), cidrIpv6: "2001:db8::/32" },
    { ...tcp(8300), referencedSecurityGroupId: "sg-1" },
  ])("lets %j pass", (props) => expect(judge(worldOpenPorts, ingress(props))).toEqual([]));

  it.each([
    [{ ...tcp(22), cidrIpv4: WORLD }, 'what 0.0.0.0/0 reaches: expected tcp/80 or tcp/443, got "tcp/22"; '],
    [{ ...tcp(80, 443), cidrIpv4: WORLD }, 'what 0.0.0.0/0 reaches: expected tcp/80 or tcp/443, got "tcp/80-443"; '],
    [
      { ...tcp(4646), cidrIpv4: "128.0.0.0/1" },
      'what 128.0.0.0/1 reaches: expected tcp/80 or tcp/443, got "tcp/4646"; ',
    ],
    [{ ...tcp(8501), cidrIpv6: "::/0" }, 'what ::/0 reaches: expected tcp/80 or tcp/443, got "tcp/8501"; '],
    [
      { ...tcp(443), ipProtocol: "udp", cidrIpv4: WORLD },
      'what 0.0.0.0/0 reaches: expected tcp/80 or tcp/443, got "udp/443"; ',
    ],
    [{ ...tcp(8501), prefixListId: "pl-1" }, 'what pl-1 reaches: expected tcp/80 or tcp/443, got "tcp/8501"; '],
  ])("refuses %j", (props, message) => {
    const remedy = "let in a security group, or the operators' own addresses (cluster:operatorCidrs)";
    expect(judge(worldOpenPorts, ingress(props))).toEqual([message + remedy]);
  });
});

describe("cluster-ports", () => {
  it.each([
    { ...tcp(8300), referencedSecurityGroupId: "sg-1" },
    { ...tcp(4646), cidrIpv4: OFFICE },
    { ...tcp(8501), cidrIpv4: OFFICE },
    { ...tcp(8501), cidrIpv4: OFFICE },
    { ...tcp(22), cidrIpv4: OFFICE },
    { ...tcp(443), cidrIpv4: "10.42.0.0/16" },
  ])("lets %j pass", (props) => expect(judge(clusterPorts, ingress(props))).toEqual([]));

  it.each([
    [tcp(8300), "tcp/8300"],
    [tcp(4000, 5000), "tcp/4000-5000"],
    [tcp(4646, 4647), "tcp/4646-4647"],
    [{ ...tcp(8600), ipProtocol: "udp" }, "udp/8600"],
    [{ ...tcp(8501), ipProtocol: "udp" }, "udp/8501"],
    [tcp(25000), "tcp/25000"],
    [{ ipProtocol: "-1" }, "everything"],
  ])("refuses addresses at %j", (props, shown) => {
    expect(judge(clusterPorts, ingress({ ...props, cidrIpv4: OFFICE }))).toEqual([
      `what reaches ${shown}: expected a security group, got "${OFFICE}"; use referencedSecurityGroupId`,
    ]);
  });
});

describe("open-groups", () => {
  const group = { type: SECURITY_GROUP, name: "group" };
  const open = (cidrIpv4: string) => ({
    ...ingress({ ...tcp(443), cidrIpv4 }),
    madeFrom: { securityGroupId: [group] },
  });
  const member = (type: string, props: object = {}) => ({ type, name: "member", props, madeFrom: { groups: [group] } });
  const of = (cidr: string, carrier: TestResource) => judge(openGroups, [group, carrier, open(cidr)]);

  it.each([
    [WORLD, member(LOAD_BALANCER)],
    [WORLD, member(LOAD_BALANCER, { loadBalancerType: "application" })],
    [WORLD, member(EGRESS_RULE)],
    [OFFICE, member(LOAD_BALANCER, { loadBalancerType: "network" })],
    [OFFICE, member(VPC_ENDPOINT)],
    [OFFICE, member(INSTANCE, { tags: { Role: "bastion" } })],
  ])("lets %s into %j", (cidr, carrier) => expect(of(cidr, carrier)).toEqual([]));

  it.each([
    [WORLD, member(LOAD_BALANCER, { loadBalancerType: "network" }), "an application load balancer"],
    [WORLD, member(INSTANCE, { tags: { Role: "bastion" } }), "an application load balancer"],
    [OFFICE, member(INSTANCE, { tags: { Role: "server" } }), "a load balancer, an endpoint or the bastion"],
    [OFFICE, member(LAUNCH_TEMPLATE), "a load balancer, an endpoint or the bastion"],
    [OFFICE, member("aws:rds/instance:Instance"), "a load balancer, an endpoint or the bastion"],
  ])("keeps %s out of %j", (cidr, carrier, wanted) => {
    expect(of(cidr, carrier)).toEqual([
      `what ${cidr} reaches: expected ${wanted}, got member (${carrier.type}); let in a security group instead`,
    ]);
  });

  it("does not trust a group that it cannot see, nor mind groups that are let in", () => {
    expect(judge(openGroups, ingress({ ...tcp(443), cidrIpv4: OFFICE, securityGroupId: "sg-1" }))).toEqual([
      "securityGroupId: expected a group of this stack, got another one; open a group that the program makes",
    ]);
    expect(judge(openGroups, ingress({ ...tcp(443), referencedSecurityGroupId: "sg-1" }))).toEqual([]);
  });
});

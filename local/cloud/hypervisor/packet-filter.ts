import type { SecurityGroupRule } from "@aws-sdk/client-ec2";
import { covers, reservedAddresses } from "./addresses";
import type { CloudState } from "./state";

/** One network interface of a host or of a load balancer, as the filter sees it. */
export interface Endpoint {
  readonly vpcId: string;
  readonly subnetId: string;
  /** Security groups; without them it is open, as a network load balancer of AWS is that was made without any. */
  readonly groupIds?: readonly string[];
  readonly hasPublicAddress: boolean;
}

const LINK_LOCAL = "169.254.169.253-169.254.169.254";

/**
 * The nftables rules of one host or load balancer: its security groups, and whether its subnet's routes lead out.
 *
 * They hang at prerouting and postrouting of `eth0`, before and after address translation, so that what a container
 * of the host publishes is judged by the port that the caller sees, as EC2 judges it outside the instance.
 */
export function packetFilter(state: CloudState, endpoint: Endpoint): string {
  const vpcCidr = state.vpcs.find(({ VpcId }) => VpcId === endpoint.vpcId)!.CidrBlock!;
  const { router, resolver } = reservedAddresses(vpcCidr);
  const members = groupMembers(state);
  const { groupIds } = endpoint;
  const rules = state.securityGroupRules.filter(({ GroupId }) => groupIds?.includes(GroupId!));
  const render = (egress: boolean) =>
    groupIds === undefined
      ? ["accept"]
      : [
          ...new Set(
            rules
              .filter(({ IsEgress }) => IsEgress === egress)
              .flatMap((rule) => renderRule(rule, egress ? "daddr" : "saddr", router, members)),
          ),
        ].sort();
  return chains(render(false), [...reachability(state, endpoint, vpcCidr, resolver), ...render(true)], resolver);
}

function chains(ingress: readonly string[], egress: readonly string[], resolver: string): string {
  const block = (lines: readonly string[]) => lines.map((line) => `    ${line}`).join("\n");
  return `table inet cloud
delete table inet cloud
table inet cloud {
  chain ingress {
    type filter hook prerouting priority mangle; policy accept;
    iifname != "eth0" accept
    ct state established,related accept
    ip saddr { ${resolver}, ${LINK_LOCAL} } accept
${block(ingress)}
    drop
  }
  chain egress {
    type filter hook postrouting priority 150; policy accept;
    oifname != "eth0" accept
    ct state established,related accept
    ip daddr ${LINK_LOCAL} accept
    ip daddr ${resolver} meta l4proto { tcp, udp } th dport 53 accept
${block(egress)}
    drop
  }
}
`;
}

/** What the subnet's route table does not lead to is dropped: the internet, and AWS's own API, which lives there. */
function reachability(state: CloudState, endpoint: Endpoint, vpcCidr: string, resolver: string): string[] {
  const table =
    state.routeTables.find(({ Associations }) =>
      Associations?.some(({ SubnetId }) => SubnetId === endpoint.subnetId),
    ) ??
    state.routeTables.find(
      ({ VpcId, Associations }) => VpcId === endpoint.vpcId && Associations?.some(({ Main }) => Main),
    );
  const out = table?.Routes?.find((route) => route.DestinationCidrBlock === "0.0.0.0/0");
  const leadsOut =
    Boolean(out?.NatGatewayId) || (Boolean(out?.GatewayId?.startsWith("igw-")) && endpoint.hasPublicAddress);
  if (leadsOut) return [];
  const privateApi = state.vpcEndpoints.some(
    ({ VpcId, VpcEndpointType }) => VpcId === endpoint.vpcId && VpcEndpointType === "Interface",
  );
  return [`ip daddr != ${vpcCidr} drop`, ...(privateApi ? [] : [`ip daddr ${resolver} tcp dport 443 drop`])];
}

function groupMembers(state: CloudState): ReadonlyMap<string, ReadonlySet<string>> {
  const members = new Map<string, Set<string>>();
  const add = (groupId: string | undefined, address: string | undefined) => {
    if (groupId === undefined || address === undefined) return;
    const known = members.get(groupId) ?? new Set();
    members.set(groupId, known.add(address));
  };
  for (const { Groups, PrivateIpAddress } of state.interfaces) {
    for (const { GroupId } of Groups ?? []) add(GroupId, PrivateIpAddress);
  }
  for (const { SecurityGroups, PrivateIpAddress, State } of state.instances) {
    if (State?.Name === "terminated") continue;
    for (const { GroupId } of SecurityGroups ?? []) add(GroupId, PrivateIpAddress);
  }
  return members;
}

function renderRule(
  rule: SecurityGroupRule,
  field: "saddr" | "daddr",
  router: string,
  members: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const ports = portMatch(rule);
  return peers(rule, router, members).map((peer) => [`ip ${field} ${peer}`, ports, "accept"].filter(Boolean).join(" "));
}

/** The addresses that a rule speaks of. The machine's own loopback is this cloud's internet; it shows as the router. */
function peers(rule: SecurityGroupRule, router: string, members: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const cidr = rule.CidrIpv4;
  if (cidr !== undefined) return covers(cidr, "127.0.0.1") ? [cidr, router] : [cidr];
  const group = rule.ReferencedGroupInfo?.GroupId;
  if (group !== undefined) return [...(members.get(group) ?? [])];
  return [];
}

function portMatch({ IpProtocol, FromPort, ToPort }: SecurityGroupRule): string {
  switch (IpProtocol) {
    case "-1":
      return "";
    case "tcp":
    case "udp":
      return `${IpProtocol} dport ${FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`}`;
    case "icmp":
      return "ip protocol icmp";
    default:
      throw new Error(`security group rule: protocol ${IpProtocol} is not modelled: use tcp, udp, icmp or -1`);
  }
}

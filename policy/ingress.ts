import type { PolicyResource, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { allOfType, madeFrom, ofType, violation } from "./rule";
import { EGRESS_RULE, INGRESS_RULE, INSTANCE, LOAD_BALANCER, VPC_ENDPOINT } from "./types";

interface IngressInputs {
  ipProtocol?: string;
  fromPort?: number;
  toPort?: number;
  cidrIpv4?: string;
  cidrIpv6?: string;
  prefixListId?: string;
}

/** What the world may reach: HTTP and HTTPS. */
const WEB_PORTS = [80, 443];

/** Consul's and Nomad's ports, and the dynamic ports of Nomad's tasks: both vendors' tables of required ports. */
const CLUSTER_PORTS: readonly (readonly [from: number, to: number])[] = [
  [4646, 4648],
  [8300, 8302],
  [8500, 8503],
  [8600, 8600],
  [20000, 32000],
];

/** Of these, the APIs that operators may reach by address: Nomad's and Consul's, over HTTPS. */
const API_PORTS = [4646, 8501];

/** Wider than any one organisation's addresses: two halves of the internet are the internet. */
const WIDEST_IPV4 = 8;
const WIDEST_IPV6 = 16;

/** The address range that a rule names, and whether it stands for the internet. A prefix list does: its ranges are not seen here. */
function range(inputs: IngressInputs): { readonly text: string; readonly isWorld: boolean } | undefined {
  const { cidrIpv4, cidrIpv6, prefixListId } = inputs;
  if (cidrIpv4) return { text: cidrIpv4, isWorld: !(prefixLength(cidrIpv4) >= WIDEST_IPV4) };
  if (cidrIpv6) return { text: cidrIpv6, isWorld: !(prefixLength(cidrIpv6) >= WIDEST_IPV6) };
  return prefixListId ? { text: prefixListId, isWorld: true } : undefined;
}

const prefixLength = (cidr: string): number => Number(cidr.split("/")[1] ?? Number.NaN);

function ports({ ipProtocol, fromPort, toPort }: IngressInputs): string {
  if (fromPort === undefined) return "everything";
  return `${ipProtocol}/${fromPort === toPort ? fromPort : `${fromPort}-${toPort}`}`;
}

/** A single TCP port of the list. */
function isOneOf(inputs: IngressInputs, allowed: readonly number[]): boolean {
  const { ipProtocol, fromPort, toPort } = inputs;
  return ipProtocol === "tcp" && fromPort === toPort && fromPort !== undefined && allowed.includes(fromPort);
}

/** Every rule into a group says its ports. */
export const namedPorts: ResourceValidationPolicy = {
  name: "named-ports",
  description:
    "A rule into a security group names a protocol and its ports; a rule for everything opens what nobody has thought of.",
  validateResource: ofType<IngressInputs>(INGRESS_RULE, (inputs, report) => {
    const { ipProtocol, fromPort, toPort } = inputs;
    if (ipProtocol === "tcp" || ipProtocol === "udp") {
      if (fromPort !== undefined && toPort !== undefined && toPort >= fromPort && fromPort > 0) return;
      report(violation("fromPort and toPort", "a range of ports", [fromPort, toPort], "name the ports"));
      return;
    }
    report(violation("ipProtocol", '"tcp" or "udp"', ipProtocol, "name the protocol and its ports"));
  }),
};

/** The whole internet reaches HTTP and HTTPS only: Security Hub EC2.18, EC2.13 and EC2.14. */
export const worldOpenPorts: ResourceValidationPolicy = {
  name: "world-open-ports",
  description:
    "From the whole internet (a range wider than /8, or /16 of IPv6, or a prefix list) only tcp/80 and tcp/443 are open. " +
    "Security Hub EC2.13, EC2.14, EC2.18, EC2.19.",
  validateResource: ofType<IngressInputs>(INGRESS_RULE, (inputs, report) => {
    const from = range(inputs);
    if (!from?.isWorld || isOneOf(inputs, WEB_PORTS)) return;
    const remedy = "let in a security group, or the operators' own addresses (cluster:operatorCidrs)";
    report(violation(`what ${from.text} reaches`, "tcp/80 or tcp/443", ports(inputs), remedy));
  }),
};

/** Consul's, Nomad's and the tasks' ports are open to security groups; the APIs to operators' addresses besides. */
export const clusterPorts: ResourceValidationPolicy = {
  name: "cluster-ports",
  description:
    "Consul's, Nomad's and the tasks' ports are open to security groups, whose members are known, and not to addresses, which anybody " +
    "in the network may have. Only the APIs may be open to operators' addresses. HashiCorp, Required ports of Consul and Nomad.",
  validateResource: ofType<IngressInputs>(INGRESS_RULE, (inputs, report) => {
    const from = range(inputs);
    if (from === undefined || isOneOf(inputs, API_PORTS)) return;
    const { fromPort = 0, toPort = 65_535 } = inputs;
    const touched = CLUSTER_PORTS.find(([first, last]) => fromPort <= last && toPort >= first);
    // What the internet reaches is judged, and refused, as such.
    if (touched === undefined || from.isWorld) return;
    report(violation(`what reaches ${ports(inputs)}`, "a security group", from.text, "use referencedSecurityGroupId"));
  }),
};

const RULES: readonly string[] = [INGRESS_RULE, EGRESS_RULE];

/** Resources that have a group in any of their properties: those that carry it, as opposed to rules about it. */
function carriers(group: PolicyResource, resources: readonly PolicyResource[]): PolicyResource[] {
  return resources.filter(
    ({ type, propertyDependencies }) =>
      type.startsWith("aws:") &&
      !RULES.includes(type) &&
      Object.values(propertyDependencies).some((targets) => targets.some(({ urn }) => urn === group.urn)),
  );
}

/** What may carry a group that addresses are let into: load balancers; for a range that is not the internet, also the bastion. */
function mayBeOpen({ type, props }: PolicyResource, isWorld: boolean): boolean {
  if (type === LOAD_BALANCER) return !isWorld || (props.loadBalancerType ?? "application") === "application";
  if (isWorld) return false;
  return type === VPC_ENDPOINT || (type === INSTANCE && props.tags?.Role === "bastion");
}

/** Servers and workers are reached through security groups only, whatever the port: EC2.18 by what carries the group. */
export const openGroups: StackValidationPolicy = {
  name: "open-groups",
  description:
    "A security group that lets addresses in belongs to a load balancer, an endpoint or the bastion; one that lets the internet in, to an " +
    "application load balancer. Servers and workers are reached through groups only.",
  validateStack: (args, report) => {
    for (const rule of allOfType(args, INGRESS_RULE)) {
      const from = range(rule.props as IngressInputs);
      if (from === undefined) continue;
      const [group] = madeFrom(rule, "securityGroupId");
      if (group === undefined) {
        const remedy = "open a group that the program makes";
        report(`securityGroupId: expected a group of this stack, got another one; ${remedy}`, rule.urn);
        continue;
      }
      const wrong = carriers(group, args.resources).filter((carrier) => !mayBeOpen(carrier, from.isWorld));
      if (wrong.length === 0) continue;
      const wanted = from.isWorld ? "an application load balancer" : "a load balancer, an endpoint or the bastion";
      const got = wrong.map(({ name, type }) => `${name} (${type})`).join(", ");
      report(`what ${from.text} reaches: expected ${wanted}, got ${got}; let in a security group instead`, rule.urn);
    }
  },
};

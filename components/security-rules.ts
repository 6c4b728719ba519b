import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "./tags";

export interface Port {
  readonly protocol: "tcp" | "udp";
  readonly from: number;
  readonly to: number;
  /** What listens there; becomes the rule's description. */
  readonly purpose: string;
}

export function tcp(port: number, purpose: string): Port {
  return { protocol: "tcp", from: port, to: port, purpose };
}

export function udp(port: number, purpose: string): Port {
  return { protocol: "udp", from: port, to: port, purpose };
}

/** Whose traffic a rule lets in: a security group's members, or an address range. */
export type Peer =
  | { readonly label: string; readonly group: aws.ec2.SecurityGroup }
  | { readonly label: string; readonly cidr: pulumi.Input<string> };

export interface SecurityGroupArgs {
  readonly vpcId: pulumi.Input<string>;
  readonly description: string;
  readonly tags: Tags;
}

/** A group without rules: what goes in and out is said by rules of their own, one resource each. */
export function createSecurityGroup(
  name: string,
  args: SecurityGroupArgs,
  parent: pulumi.Resource,
): aws.ec2.SecurityGroup {
  return new aws.ec2.SecurityGroup(name, args, { parent });
}

function ruleName(name: string, direction: "from" | "to", peer: Peer, port: Port): string {
  const ports = port.from === port.to ? `${port.from}` : `${port.from}-${port.to}`;
  return `${name}-${direction}-${peer.label}-${port.protocol}-${ports}`;
}

/** What a rule says of one port, in either direction. */
function ruleArgs(group: aws.ec2.SecurityGroup, peer: Peer, port: Port, tags: Tags) {
  return {
    securityGroupId: group.id,
    ...("group" in peer ? { referencedSecurityGroupId: peer.group.id } : { cidrIpv4: peer.cidr }),
    ipProtocol: port.protocol,
    fromPort: port.from,
    toPort: port.to,
    description: port.purpose,
    tags,
  };
}

/** Lets `peer` reach these ports of the members of `group`. `name` is the group's name. */
export function allowIngress(
  name: string,
  group: aws.ec2.SecurityGroup,
  peer: Peer,
  ports: readonly Port[],
  tags: Tags,
  parent: pulumi.Resource,
): aws.vpc.SecurityGroupIngressRule[] {
  return ports.map(
    (port) =>
      new aws.vpc.SecurityGroupIngressRule(ruleName(name, "from", peer, port), ruleArgs(group, peer, port, tags), {
        parent,
      }),
  );
}

/** Lets the members of `group` reach these ports of `peer`. */
export function allowEgress(
  name: string,
  group: aws.ec2.SecurityGroup,
  peer: Peer,
  ports: readonly Port[],
  tags: Tags,
  parent: pulumi.Resource,
): aws.vpc.SecurityGroupEgressRule[] {
  return ports.map(
    (port) =>
      new aws.vpc.SecurityGroupEgressRule(ruleName(name, "to", peer, port), ruleArgs(group, peer, port, tags), {
        parent,
      }),
  );
}

/** Lets the members of `group` reach everything: package mirrors, the registry, AWS's own APIs. */
export function allowAllEgress(
  name: string,
  group: aws.ec2.SecurityGroup,
  tags: Tags,
  parent: pulumi.Resource,
): aws.vpc.SecurityGroupEgressRule {
  return new aws.vpc.SecurityGroupEgressRule(
    `${name}-to-anywhere`,
    {
      securityGroupId: group.id,
      cidrIpv4: "0.0.0.0/0",
      ipProtocol: "-1",
      description: "Anything, to anywhere",
      tags,
    },
    { parent },
  );
}

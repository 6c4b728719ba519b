import type { IpPermission } from "@aws-sdk/client-ec2";
import type { ResourceModel } from "../model";
import { retryWhile } from "../wait";
import type { Props } from "../wire";
import { pascal, tagged, taggers, unlessGone, waiting, withTags, type Aws } from "./context";

const inline = "{description fromPort toPort protocol cidrBlocks ipv6CidrBlocks prefixListIds securityGroups self}";

/** The API's form of one inline rule of group `id`. */
function permission(id: string, rule: Props): IpPermission {
  const Description = rule.description;
  const protocol = rule.protocol === "all" ? "-1" : String(rule.protocol);
  const groups: string[] = [...(rule.securityGroups ?? []), ...(rule.self ? [id] : [])];
  return {
    IpProtocol: protocol,
    ...(protocol === "-1" ? {} : { FromPort: rule.fromPort, ToPort: rule.toPort }),
    IpRanges: (rule.cidrBlocks ?? []).map((CidrIp: string) => ({ CidrIp, Description })),
    Ipv6Ranges: (rule.ipv6CidrBlocks ?? []).map((CidrIpv6: string) => ({ CidrIpv6, Description })),
    PrefixListIds: (rule.prefixListIds ?? []).map((PrefixListId: string) => ({ PrefixListId, Description })),
    UserIdGroupPairs: groups.map((GroupId) => ({ GroupId, Description })),
  };
}

const group = async ({ ec2 }: Aws, id: string) =>
  (await unlessGone(ec2.describeSecurityGroups({ GroupIds: [id] })))?.SecurityGroups?.[0];

type Direction = "ingress" | "egress";

/** Makes the rules of one direction be `rules` and no others. */
async function setRules(aws: Aws, id: string, direction: Direction, rules: Props[]): Promise<void> {
  const found = await group(aws, id);
  const existing = (direction === "ingress" ? found?.IpPermissions : found?.IpPermissionsEgress) ?? [];
  const ingress = direction === "ingress";
  const wanted = rules.map((rule) => permission(id, rule));
  if (existing.length > 0) {
    const request = { GroupId: id, IpPermissions: existing };
    await (ingress ? aws.ec2.revokeSecurityGroupIngress(request) : aws.ec2.revokeSecurityGroupEgress(request));
  }
  if (wanted.length > 0) {
    const request = { GroupId: id, IpPermissions: wanted };
    await (ingress ? aws.ec2.authorizeSecurityGroupIngress(request) : aws.ec2.authorizeSecurityGroupEgress(request));
  }
}

async function readGroup(aws: Aws, id: string): Promise<Props | undefined> {
  const found = await group(aws, id);
  if (!found) return undefined;
  const ownerId = found.OwnerId ?? (await aws.account());
  const arn = found.SecurityGroupArn ?? `arn:aws:ec2:${aws.region}:${ownerId}:security-group/${id}`;
  return { arn, ownerId, vpcId: found.VpcId, name: found.GroupName, description: found.Description };
}

const securityGroup: ResourceModel<Aws> = {
  args: `name! namePrefix! description! vpcId! ingress${inline} egress${inline} revokeRulesOnDelete`,
  autoname: { property: "name", maxLength: 255 },
  defaults: { description: "Managed by Pulumi", revokeRulesOnDelete: false },
  async create(aws, args, { created }) {
    const { name, description, vpcId } = args;
    const request = { GroupName: name, Description: description, VpcId: vpcId };
    const response = await aws.ec2.createSecurityGroup({
      ...request,
      TagSpecifications: tagged("security-group", args),
    });
    const id = response.GroupId!;
    created(id);
    // AWS lets everything out of a new group; the official provider takes that rule away.
    await setRules(aws, id, "egress", args.egress ?? []);
    if (args.ingress) await setRules(aws, id, "ingress", args.ingress);
    return id;
  },
  read: readGroup,
  async update(aws, { id, news, changed }) {
    for (const direction of ["ingress", "egress"] as const) {
      if (changed.has(direction)) await setRules(aws, id, direction, news[direction] ?? []);
    }
  },
  async delete(aws, id, state, operation) {
    if (state.revokeRulesOnDelete && (await group(aws, id))) {
      await setRules(aws, id, "ingress", []);
      await setRules(aws, id, "egress", []);
    }
    const wait = waiting(operation, `the security group ${id} to be free`, 900);
    const busy = (error: Error) => ["DependencyViolation", "InvalidGroup.InUse"].includes(error.name);
    await unlessGone(retryWhile(wait, busy, () => aws.ec2.deleteSecurityGroup({ GroupId: id })));
  },
};

/** The group that each VPC has: taken over, its rules replaced, and left in place on delete. */
const defaultSecurityGroup: ResourceModel<Aws> = {
  args: `vpcId! ingress${inline} egress${inline} revokeRulesOnDelete`,
  async create(aws, args, { created }) {
    const Filters = [
      { Name: "group-name", Values: ["default"] },
      { Name: "vpc-id", Values: [args.vpcId] },
    ];
    const id = (await aws.ec2.describeSecurityGroups({ Filters })).SecurityGroups?.[0]?.GroupId;
    if (!id) throw new Error(`the VPC ${args.vpcId} has no default security group`);
    created(id);
    await setRules(aws, id, "ingress", args.ingress ?? []);
    await setRules(aws, id, "egress", args.egress ?? []);
    if (args.tagsAll) await taggers.ec2(aws, id, args.tagsAll, []);
    return id;
  },
  read: readGroup,
  async update(aws, { id, news, changed }) {
    for (const direction of ["ingress", "egress"] as const) {
      if (changed.has(direction)) await setRules(aws, id, direction, news[direction] ?? []);
    }
  },
  delete: async () => undefined,
};

function ruleModel(direction: Direction): ResourceModel<Aws> {
  const ingress = direction === "ingress";
  const request = (args: Props): Props => {
    const { cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId, ipProtocol, fromPort, toPort, description } =
      args;
    const every = String(ipProtocol) === "-1";
    return {
      ...pascal({ cidrIpv4, cidrIpv6, prefixListId, description }),
      ReferencedGroupId: referencedSecurityGroupId,
      IpProtocol: String(ipProtocol),
      ...(every ? {} : { FromPort: fromPort, ToPort: toPort }),
    };
  };
  return {
    args: "securityGroupId! cidrIpv4 cidrIpv6 prefixListId referencedSecurityGroupId ipProtocol fromPort toPort description",
    async create({ ec2 }, args) {
      const { IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId, Description } =
        request(args);
      const IpPermissions: IpPermission[] = [
        {
          IpProtocol,
          FromPort,
          ToPort,
          IpRanges: CidrIpv4 && [{ CidrIp: CidrIpv4, Description }],
          Ipv6Ranges: CidrIpv6 && [{ CidrIpv6, Description }],
          PrefixListIds: PrefixListId && [{ PrefixListId, Description }],
          UserIdGroupPairs: ReferencedGroupId && [{ GroupId: ReferencedGroupId, Description }],
        },
      ];
      const common = {
        GroupId: args.securityGroupId,
        IpPermissions,
        TagSpecifications: tagged("security-group-rule", args),
      };
      const made = ingress
        ? await ec2.authorizeSecurityGroupIngress(common)
        : await ec2.authorizeSecurityGroupEgress(common);
      return made.SecurityGroupRules![0]!.SecurityGroupRuleId!;
    },
    async read(aws, id) {
      const found = await unlessGone(aws.ec2.describeSecurityGroupRules({ SecurityGroupRuleIds: [id] }));
      if (!found?.SecurityGroupRules?.[0]) return undefined;
      const arn = `arn:aws:ec2:${aws.region}:${await aws.account()}:security-group-rule/${id}`;
      return { arn, securityGroupRuleId: id };
    },
    async update({ ec2 }, { id, news, changed }) {
      if ([...changed].every((name) => name.startsWith("tags"))) return;
      const SecurityGroupRules = [{ SecurityGroupRuleId: id, SecurityGroupRule: request(news) }];
      await ec2.modifySecurityGroupRules({ GroupId: news.securityGroupId, SecurityGroupRules });
    },
    async delete({ ec2 }, id, state) {
      const which = { GroupId: state.securityGroupId, SecurityGroupRuleIds: [id] };
      await unlessGone(ingress ? ec2.revokeSecurityGroupIngress(which) : ec2.revokeSecurityGroupEgress(which));
    },
  };
}

export const firewallResources: Record<string, ResourceModel<Aws>> = {
  "aws:ec2/securityGroup:SecurityGroup": withTags(securityGroup, taggers.ec2),
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": withTags(defaultSecurityGroup, taggers.ec2),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": withTags(ruleModel("ingress"), taggers.ec2),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": withTags(ruleModel("egress"), taggers.ec2),
};

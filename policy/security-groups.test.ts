import { adoptedDefaultGroup, emptyDefaultGroup, standaloneRules } from "./security-groups";
import { judge } from "./test-resources";
import { DEFAULT_SECURITY_GROUP, OLD_SECURITY_GROUP_RULE, SECURITY_GROUP, VPC } from "./types";

const rule = { protocol: "-1", cidrBlocks: ["0.0.0.0/0"] };

it("standalone-rules refuses rules inside a group, and the older kind of rule", () => {
  expect(judge(standaloneRules, { type: SECURITY_GROUP, props: { description: "Servers" } })).toEqual([]);
  expect(judge(standaloneRules, { type: SECURITY_GROUP, props: { ingress: [], egress: [rule] } })).toEqual([
    "egress: expected no rules inside the group, got 1; make each a rule resource of its own",
  ]);
  expect(judge(standaloneRules, { type: OLD_SECURITY_GROUP_RULE })).toEqual([
    "expected a SecurityGroupIngressRule or SecurityGroupEgressRule, got a SecurityGroupRule; use aws.vpc's resources",
  ]);
});

it("empty-default-group wants no rules at all", () => {
  expect(judge(emptyDefaultGroup, { type: DEFAULT_SECURITY_GROUP, props: { ingress: [], egress: [] } })).toEqual([]);
  expect(
    judge(emptyDefaultGroup, { type: DEFAULT_SECURITY_GROUP, props: { ingress: [rule], egress: [rule] } }),
  ).toEqual([
    "ingress: expected no rules, got 1; leave it empty, and make a group of its own",
    "egress: expected no rules, got 1; leave it empty, and make a group of its own",
  ]);
});

it("adopted-default-group wants each VPC's group taken over", () => {
  const [first, second] = ["first", "second"].map((name) => ({ type: VPC, name }));
  const adopted = { type: DEFAULT_SECURITY_GROUP, madeFrom: { vpcId: [first!] } };
  expect(judge(adoptedDefaultGroup, [first!, adopted])).toEqual([]);
  expect(judge(adoptedDefaultGroup, [first!, second!, adopted])).toEqual([
    "expected a DefaultSecurityGroup for this VPC, got none; add one without rules",
  ]);
});

import { namedActions, namedResources, ownStatements, trustedServices } from "./iam";
import { judge } from "./test-resources";
import { MANAGED_POLICY, ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT } from "./types";

const REPOSITORY = "arn:aws:ecr:eu-west-1:123456789012:repository/cluster-dev/*";
const document = (statement: object) => JSON.stringify({ Statement: { Effect: "Allow", ...statement } });
const policy = (statement: object) => ({ type: ROLE_POLICY, props: { policy: document(statement) } });

describe("named-actions", () => {
  it("lets named actions pass, and whatever is denied", () => {
    expect(judge(namedActions, policy({ Action: ["s3:GetObject", "s3:List*"], Resource: "a" }))).toEqual([]);
    expect(judge(namedActions, policy({ Effect: "Deny", Action: "*", Resource: "*" }))).toEqual([]);
  });

  it.each(["*", "ec2:*", "*:*"])("refuses %s", (Action) => {
    expect(judge(namedActions, policy({ Action, Resource: REPOSITORY }))).toEqual([
      `Action: expected actions by name, got "${Action}"; list those that are called`,
    ]);
  });

  it("refuses everything but some, and reads policies wherever they are", () => {
    const message = 'Action: expected actions by name, got "NotAction"; list those that are called';
    const text = document({ NotAction: "iam:*", Resource: "a" });
    expect(judge(namedActions, { type: MANAGED_POLICY, props: { policy: text } })).toEqual([message]);
    expect(judge(namedActions, { type: MANAGED_POLICY, props: { policy: JSON.parse(text) } })).toEqual([message]);
    expect(judge(namedActions, { type: ROLE, props: { inlinePolicies: [{ policy: text }] } })).toEqual([message]);
  });

  it("refuses a policy that cannot be read", () => {
    expect(judge(namedActions, { type: ROLE_POLICY, props: { policy: "{" } })).toEqual([
      "expected an IAM policy with statements, got none that can be read; write it as JSON",
    ]);
  });
});

describe("named-resources", () => {
  it.each([
    { Action: "ecr:BatchGetImage", Resource: REPOSITORY },
    { Action: "ec2:DescribeInstances", Resource: "*" },
    { Action: ["ssmmessages:OpenDataChannel", "ssm:UpdateInstanceInformation"], Resource: ["*"] },
  ])("lets %j pass", (statement) => expect(judge(namedResources, policy(statement))).toEqual([]));

  it.each(["*", "arn:*", "arn:*:ecr:*:*:repository/*", "arn:aws:ecr:eu-west-1:123456789012:*"])(
    "refuses %s for actions that know resources",
    (Resource) => {
      expect(
        judge(namedResources, policy({ Action: ["ecr:GetAuthorizationToken", "ecr:PutImage"], Resource })),
      ).toEqual([
        `Resource of ecr:PutImage: expected ARNs, got ["${Resource}"]; ` +
          "name their ARNs, in a statement apart from actions that know no resource",
      ]);
    },
  );

  it("refuses every resource but some", () => {
    expect(judge(namedResources, policy({ Action: "s3:GetObject", NotResource: "a" }))).toHaveLength(1);
  });
});

describe("trusted-services", () => {
  const trust = (principal: object) => ({
    type: ROLE,
    props: { assumeRolePolicy: document({ Action: "sts:AssumeRole", ...principal }) },
  });

  it("lets services pass", () => {
    expect(judge(trustedServices, trust({ Principal: { Service: "ec2.amazonaws.com" } }))).toEqual([]);
    expect(
      judge(trustedServices, trust({ Principal: { Service: ["ec2.amazonaws.com", "ssm.amazonaws.com"] } })),
    ).toEqual([]);
  });

  it.each([
    [{ Principal: "*" }, '{"AWS":["*"]}'],
    [{ Principal: { AWS: "123456789012" } }, '{"AWS":["123456789012"]}'],
    [{ Principal: { Service: "ec2.amazonaws.com", AWS: "*" } }, '{"Service":["ec2.amazonaws.com"],"AWS":["*"]}'],
    [{ Principal: { Service: "*" } }, '{"Service":["*"]}'],
    [{ NotPrincipal: { AWS: "123456789012" } }, "nothing"],
  ])("refuses %j", (principal, shown) => {
    expect(judge(trustedServices, trust(principal))).toEqual([
      `Principal: expected a service, such as ec2.amazonaws.com, got ${shown}; name the service that takes the role`,
    ]);
  });
});

it("own-statements refuses AWS's managed policies, attached or named", () => {
  const arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
  const own = "arn:aws:iam::123456789012:policy/own";
  expect(judge(ownStatements, { type: ROLE_POLICY_ATTACHMENT, props: { policyArn: own } })).toEqual([]);
  expect(judge(ownStatements, { type: ROLE_POLICY_ATTACHMENT, props: { policyArn: arn } })).toEqual([
    `policyArn: expected a policy of this program, got "${arn}"; write the statements that are needed`,
  ]);
  expect(judge(ownStatements, { type: ROLE, props: { managedPolicyArns: [own, arn] } })).toEqual([
    `managedPolicyArns: expected policies of this program, got "${arn}"; write the statements that are needed`,
  ]);
});

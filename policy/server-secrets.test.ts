import { serversParameters } from "./server-secrets";
import { judge } from "./test-resources";
import { ROLE, ROLE_POLICY } from "./types";

const PREFIX = "arn:aws:ssm:eu-west-1:123456789012:parameter";

function says(statement: object, component = "workers"): string[] {
  const role = { type: ROLE, props: { tags: { Component: component } } };
  const policy = JSON.stringify({ Statement: [{ Effect: "Allow", ...statement }] });
  return judge(serversParameters, [role, { type: ROLE_POLICY, props: { policy }, madeFrom: { role: [role] } }]);
}

describe("servers-parameters", () => {
  it.each([
    { Action: "ssm:GetParameter", Resource: [`${PREFIX}/cluster-dev/workers`, `${PREFIX}/cluster-dev/workers/*`] },
    { Action: "ssm:PutParameter", Resource: `${PREFIX}/cluster-dev/servers/acl` },
    { Action: "ssmmessages:OpenDataChannel", Resource: "*" },
    { Action: "s3:*", Resource: "arn:aws:s3:::bucket/servers/*" },
    { Effect: "Deny", Action: "ssm:GetParameter", Resource: "*" },
  ])("lets a worker have %j", (statement) => expect(says(statement)).toEqual([]));

  it.each([
    `${PREFIX}/cluster-dev/servers`,
    `${PREFIX}/cluster-dev/servers/key`,
    `${PREFIX}/cluster-dev/*`,
    `${PREFIX}/cluster-dev/s*`,
    `${PREFIX}/*/servers/*`,
    `${PREFIX}/*`,
    `${PREFIX}*`,
    "arn:aws:ssm:*:*:*",
    "*",
  ])("refuses that a worker reads %s", (arn) => {
    for (const Action of ["ssm:GetParameter", "ssm:Get*", "*"]) {
      expect(says({ Action, Resource: arn })).toEqual([
        `Resource: expected no parameters of the servers, got ["${arn}"]; name this role's own path`,
      ]);
    }
  });

  it("lets the servers read their own", () => {
    expect(says({ Action: "ssm:GetParameter", Resource: `${PREFIX}/cluster-dev/servers/*` }, "servers")).toEqual([]);
  });
});

import { closedKeys, rotatingKeys } from "./keys";
import { judge } from "./test-resources";
import { KEY, KEY_POLICY } from "./types";

it("rotating-keys wants rotation switched on", () => {
  expect(judge(rotatingKeys, { type: KEY, props: { enableKeyRotation: true } })).toEqual([]);
  expect(judge(rotatingKeys, { type: KEY, props: {} })).toEqual([
    "enableKeyRotation: expected true, got nothing; set it to true",
  ]);
});

describe("closed-keys", () => {
  const key = (statement: object, type = KEY) => ({
    type,
    props: { policy: JSON.stringify({ Statement: { Effect: "Allow", Action: "kms:*", Resource: "*", ...statement } }) },
  });
  const Condition = { StringEquals: { "kms:CallerAccount": "123456789012" } };

  it.each([
    { Principal: { AWS: "arn:aws:iam::123456789012:root" } },
    { Principal: { Service: ["logs.eu-west-1.amazonaws.com"] } },
    { Principal: "*", Condition },
    { Principal: "*", Effect: "Deny" },
  ])("lets %j pass", (statement) => expect(judge(closedKeys, key(statement))).toEqual([]));

  it("lets a key pass that has no policy of its own", () => {
    expect(judge(closedKeys, { type: KEY, props: {} })).toEqual([]);
  });

  it.each([
    [{ Principal: "*" }, '{"AWS":["*"]}'],
    [{ Principal: { AWS: ["arn:aws:iam::123456789012:root", "*"] } }, '{"AWS":["arn:aws:iam::123456789012:root","*"]}'],
    [{ Principal: "*", Condition: {} }, '{"AWS":["*"]}'],
    [{ NotPrincipal: { AWS: "123456789012" } }, "{}"],
  ])("refuses %j, in a key and in a policy apart from it", (statement, shown) => {
    const message = `Principal: expected names, or a condition, got ${shown}; name who may use the key`;
    expect(judge(closedKeys, key(statement))).toEqual([message]);
    expect(judge(closedKeys, key(statement, KEY_POLICY))).toEqual([message]);
  });

  it("refuses a policy that cannot be read", () => {
    expect(judge(closedKeys, { type: KEY, props: { policy: "{" } })).toEqual([
      "expected an IAM policy with statements, got none that can be read; write it as JSON",
    ]);
  });
});

import { rules } from "../../policy/rules";
import { violations } from "../../policy/test-resources";
import { PROGRAM_TIMEOUT_MS, runProgram } from "../program/run-program";
import { MUTATIONS } from "./mutations";
import { judged, type Recorded, recorded } from "./recorded";
import { StackCopy } from "./stack-copy";

/** Prod with everything that an operator may switch on: HTTPS, SSH and APIs for an office's addresses. */
const EVERYTHING = {
  certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/0",
  hostname: "www.example.com",
  operatorCidrs: ["203.0.113.0/24"],
  bastion: {
    enabled: true,
    instanceType: "t3.nano",
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0wqsvdzXGZ6XcRVjMy8ULNZlZQNKa3GmPwzVmwVzDT",
  },
};

describe("the rules over the real program", () => {
  let resources: readonly Recorded[];
  beforeAll(async () => {
    const changes = Object.fromEntries(Object.entries(EVERYTHING).map(([key, value]) => [`cluster:${key}`, value]));
    resources = recorded((await runProgram("prod", "up", changes)).mocks, "prod");
  }, PROGRAM_TIMEOUT_MS);

  it("are kept with everything switched on", () => {
    expect(violations(rules, judged(resources))).toEqual([]);
  });

  it.each(MUTATIONS)("%s fires, alone and on %s, when %s", (rule, resource, _, change) => {
    const stack = new StackCopy(resources);
    change(stack);
    const found = violations(rules, judged(stack.resources)).map((one) => `${one.rule}: ${one.resource}`);
    expect([...new Set(found)]).toEqual([`${rule}: ${resource}`]);
  });

  it("are all shown to fire", () => {
    const shown = new Set(MUTATIONS.map(([rule]) => rule));
    expect(rules.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });
});

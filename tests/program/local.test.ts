import type { RecordingMocks } from "./recording-mocks";
import { billedFor, registeredBill } from "./registered-bill";
import { LOCAL_COUNTS } from "./resource-counts";
import { type ProgramRun, PROGRAM_TIMEOUT_MS, runProgram, stackConfig } from "./run-program";

describe("the program for local", () => {
  let run: ProgramRun;
  let mocks: RecordingMocks;
  beforeAll(async () => {
    run = await runProgram("local", "up");
    mocks = run.mocks;
  }, PROGRAM_TIMEOUT_MS);

  it("registers exactly these resources", () => {
    expect(mocks.counts()).toEqual(LOCAL_COUNTS);
  });

  it("has all that an estimate of its price takes it to have, and nothing else that AWS bills", () => {
    expect(registeredBill(mocks)).toEqual(billedFor("local"));
  });

  it("lets the machine itself reach the APIs through a public load balancer", () => {
    expect(mocks.ofType("aws:lb/loadBalancer:LoadBalancer")["api"]!.inputs).toMatchObject({ internal: false });
    const rules = Object.values(mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"));
    const fromOperators = rules.filter(({ inputs }) => inputs.cidrIpv4 === "127.0.0.0/8");
    expect(fromOperators.map(({ inputs }) => [inputs.securityGroupId, inputs.fromPort])).toEqual([
      ["api-id", 4646],
      ["api-id", 8501],
    ]);
  });

  it("boots every host from the image that holds the software already", () => {
    const asked = mocks.calls.filter(({ token }) => token === "aws:ec2/getAmi:getAmi");
    expect(asked.map(({ inputs }) => [inputs.owners, inputs.filters])).toEqual(
      Array.from({ length: 3 }, () => [["self"], [{ name: "name", values: ["cluster-host-*"] }]]),
    );
  });

  it("has no key that the other environments do not have", () => {
    const known = Object.keys({ ...stackConfig("dev"), ...stackConfig("prod") });
    expect(Object.keys(run.config).filter((key) => !known.includes(key))).toEqual([]);
  });
});

import * as nomad from "@pulumi/nomad";
import { type RecordingMocks, settle, startMocks, valueOf } from "./recording-mocks";

describe("@pulumi/nomad", () => {
  let mocks: RecordingMocks;
  beforeAll(async () => {
    mocks = await startMocks("up");
    const provider = new nomad.Provider("provider", {
      address: "https://nomad.example:4646",
      secretId: "management",
      skipVerify: false,
      headers: [{ name: "X-Team", value: "infra" }],
      ignoreEnvVars: { NOMAD_TOKEN: true },
    });
    const opts = { provider };
    new nomad.AclAuthMethod(
      "auth-method",
      { type: "JWT", tokenLocality: "global", maxTokenTtl: "10m", config: { jwksUrl: "https://keys" } },
      opts,
    );
    new nomad.AclBindingRule("binding-rule", { authMethod: "ci", bindType: "policy", bindName: "deploy" }, opts);
    new nomad.AclPolicy("policy", { rulesHcl: 'namespace "default" { policy = "read" }' }, opts);
    new nomad.AclRole("role", { policies: [{ name: "deploy" }] }, opts);
    new nomad.AclToken("token", { type: "client", policies: ["deploy"] }, opts);
    new nomad.Job("job", { jobspec: 'job "a" {}' }, opts);
    new nomad.Namespace("namespace", { description: "Team A" }, opts);
    new nomad.NodePool("node-pool", {}, opts);
    new nomad.SchedulerConfig("scheduler", { schedulerAlgorithm: "spread" }, opts);
    new nomad.Variable("variable", { path: "nomad/jobs/a", items: { password: "hunter2" } }, opts);
    await settle(mocks);
  });

  it("registers the published tokens, and asks the engine for plugin 2.6.1", () => {
    const versions = mocks.registrations.map(({ type, options }) => [type, options.version]);
    expect(versions.sort()).toEqual([
      ["nomad:index/aclAuthMethod:AclAuthMethod", "2.6.1"],
      ["nomad:index/aclBindingRule:AclBindingRule", "2.6.1"],
      ["nomad:index/aclPolicy:AclPolicy", "2.6.1"],
      ["nomad:index/aclRole:AclRole", "2.6.1"],
      ["nomad:index/aclToken:AclToken", "2.6.1"],
      ["nomad:index/job:Job", "2.6.1"],
      ["nomad:index/namespace:Namespace", "2.6.1"],
      ["nomad:index/nodePool:NodePool", "2.6.1"],
      ["nomad:index/schedulerConfig:SchedulerConfig", "2.6.1"],
      ["nomad:index/variable:Variable", "2.6.1"],
      ["pulumi:providers:nomad", "2.6.1"],
    ]);
  });

  it("sends what it is given, under the published names", () => {
    expect(mocks.ofType("nomad:index/aclAuthMethod:AclAuthMethod")["auth-method"]!.inputs).toEqual({
      type: "JWT",
      tokenLocality: "global",
      maxTokenTtl: "10m",
      config: { jwksUrl: "https://keys" },
    });
  });

  it("sends what is no text to the provider as JSON", () => {
    expect(mocks.ofType("pulumi:providers:nomad")["provider"]!.inputs).toEqual({
      address: "https://nomad.example:4646",
      secretId: "management",
      skipVerify: "false",
      headers: '[{"name":"X-Team","value":"infra"}]',
      ignoreEnvVars: '{"NOMAD_TOKEN":true}',
    });
  });

  it("keeps tokens, headers and variables secret", () => {
    expect([...mocks.ofType("pulumi:providers:nomad")["provider"]!.secrets].sort()).toEqual(["headers", "secretId"]);
    expect(mocks.ofType("nomad:index/variable:Variable")["variable"]!.secrets).toEqual(["items"]);
    expect(mocks.ofType("nomad:index/aclToken:AclToken")["token"]!.options.secretOutputs).toEqual(["secretId"]);
  });

  it("refuses a resource without what it needs, before it is registered", () => {
    const incomplete = {} as nomad.JobArgs;
    expect(() => new nomad.Job("incomplete", incomplete)).toThrow("Missing required property 'jobspec'");
  });

  it("reads a resource that exists, by its id", async () => {
    const job = nomad.Job.get("existing", "frontend");
    expect(await valueOf(job.urn)).toMatch(/nomad:index\/job:Job::existing$/);
    expect(nomad.Job.isInstance(job)).toBe(true);
    expect(nomad.AclToken.isInstance(job)).toBe(false);
  });
});

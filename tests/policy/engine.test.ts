import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation";
import { enginePath } from "../../engines/find";
import type { ProviderModel } from "../../local/providers/model";
import { type RunningProvider, serve } from "../../local/providers/server";
import { DEFAULT_SECURITY_GROUP, FLOW_LOG, PARAMETER, VOLUME, VPC } from "../../policy/types";

const tags = { Project: "cluster", Stack: "prod", Component: "network" };

/** A provider that creates nothing: in a preview the engine asks it for no more than to take the inputs. */
const nothing = {
  create: async () => "id",
  read: async () => ({}),
  update: async () => undefined,
  delete: async () => undefined,
};
const provider: ProviderModel<string> = {
  name: "aws",
  version: "1.0.0",
  config: "",
  configure: () => "nowhere",
  resources: {
    [PARAMETER]: { args: "type value tags", ...nothing },
    [VOLUME]: { args: "encrypted tags", ...nothing },
    [VPC]: { args: "tags", ...nothing },
    [DEFAULT_SECURITY_GROUP]: { args: "vpcId tags", ...nothing },
    [FLOW_LOG]: { args: "vpcId tags", ...nothing },
  },
};

class Anything extends pulumi.CustomResource {
  constructor(type: string, name: string, args: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
    super(type, name, { ...args, tags }, opts);
  }
}

let folder: string;
let running: RunningProvider;
let stack: automation.Stack;
let program: () => void;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "policy-"));
  for (const name of ["state", "work", "bin"]) mkdirSync(path.join(folder, name));
  symlinkSync(enginePath("pulumi"), path.join(folder, "bin/pulumi"));
  // Pulumi's own distribution has a language host beside the engine, which starts packs in the same way.
  const host = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
  const script = `#!/bin/sh\nexec node "${host}" "$@"\n`;
  writeFileSync(path.join(folder, "bin/pulumi-analyzer-policy-nodejs"), script, { mode: 0o755 });
  process.env["PATH"] = `${path.join(folder, "bin")}${path.delimiter}${process.env["PATH"]}`;
  running = await serve(provider);
  stack = await automation.LocalWorkspace.createOrSelectStack(
    { stackName: "prod", projectName: "cluster", program: async () => program() },
    {
      workDir: path.join(folder, "work"),
      pulumiHome: path.join(folder, "home"),
      envVars: {
        PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_DEBUG_PROVIDERS: `aws:${running.port}`,
      },
    },
  );
}, 120_000);
afterAll(() => {
  running.stop();
  rmSync(folder, { recursive: true, force: true });
});

const preview = () => stack.preview({ policyPacks: [path.resolve("policy")], color: "never" });

test("the engine loads the pack, and lets a program pass whose ids are not known yet", async () => {
  program = () => {
    const vpc = new Anything(VPC, "vpc", {});
    new Anything(DEFAULT_SECURITY_GROUP, "group", { vpcId: vpc.id });
    new Anything(FLOW_LOG, "flow-log", { vpcId: vpc.id });
    new Anything(VOLUME, "volume", { encrypted: true }, { protect: true });
    new Anything(PARAMETER, "parameter", { type: "SecureString", value: vpc.id });
  };
  const { changeSummary, stdout } = await preview();
  expect(changeSummary).toEqual({ create: 6 });
  expect(stdout).toContain("✅ cluster@v0.1.0");
  expect(stdout).not.toMatch(/\[(mandatory|advisory)\]/);
}, 120_000);

test("the engine refuses a program that breaks rules, by their names and messages", async () => {
  program = () => {
    new Anything(VPC, "vpc", {});
    new Anything(VOLUME, "volume", { encrypted: true });
    new Anything(PARAMETER, "parameter", { type: "String", value: "text" });
  };
  const message = await preview().then(
    () => "it passed",
    (error: Error) => error.message,
  );
  const fired = [...message.matchAll(/\[mandatory\] +(\S+) +\((\S+): (\S+)\)/g)].map(
    ([, rule, , name]) => `${rule}: ${name}`,
  );
  expect([...new Set(fired)].sort()).toEqual([
    "adopted-default-group: vpc",
    "flow-logs: vpc",
    "protected-data: volume",
    "secure-parameters: parameter",
  ]);
  expect(message).toContain('type: expected "SecureString", got "String"; set it to "SecureString"');
}, 120_000);

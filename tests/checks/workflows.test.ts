import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { parse } from "yaml";

import { enginePath } from "../../engines/find";
import versions from "../../engines/versions.json";
import { linter, projectFiles } from "./files";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, { permissions?: Record<string, string>; environment?: string; steps: Step[] }>;
}

const files = projectFiles(".github/workflows");
const workflows = files.map((file) => ({
  file,
  text: fs.readFileSync(file, "utf8"),
  workflow: parse(fs.readFileSync(file, "utf8")) as Workflow,
}));
const scripts = (JSON.parse(fs.readFileSync("package.json", "utf8")) as { scripts: Record<string, string> }).scripts;

describe("workflows", () => {
  it("pass actionlint", () => {
    const shellcheck = linter("shellcheck") ?? "";
    const result = spawnSync(enginePath("actionlint"), ["-shellcheck", shellcheck, ...files], { encoding: "utf8" });
    expect(result.stdout + result.stderr).toBe("");
    expect(result.status).toBe(0);
  });

  it("run actions by full commit, with the version beside it", () => {
    const uses = workflows.flatMap(({ text }) => text.split("\n").filter((line) => /\buses:/.test(line)));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const named = uses.map((line) => /uses: (.*)$/.exec(line)![1]!);
    const actions = new Set(named.map((use) => use.split("@")[0]));
    // One commit and one version of each: a comment that was left behind by its commit shows.
    expect([...new Set(named)].length).toBe(actions.size);
  });

  it("may read the repository unless a job says more", () => {
    for (const { workflow } of workflows) expect(workflow.permissions).toEqual({ contents: "read" });
  });

  it("hold no AWS key: jobs that reach AWS exchange their identity for a role", () => {
    for (const { text, workflow } of workflows) {
      expect(text).not.toMatch(/secrets\.|aws-access-key-id|aws-secret-access-key/);
      for (const job of Object.values(workflow.jobs)) {
        if (!job.steps.some((step) => step.uses?.startsWith("pulumi/actions@"))) continue;
        expect(job.permissions?.["id-token"]).toBe("write");
        const aws = job.steps.find((step) => step.uses?.startsWith("aws-actions/configure-aws-credentials@"));
        expect(Object.keys(aws?.with ?? {})).toEqual(expect.arrayContaining(["role-to-assume", "aws-region"]));
      }
    }
  });

  it("use the pinned Pulumi", () => {
    for (const { workflow } of workflows) {
      const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
      for (const step of steps.filter((candidate) => candidate.uses?.startsWith("pulumi/actions@"))) {
        expect(step.with?.["pulumi-version"]).toBe(versions.pulumi);
      }
    }
  });

  // What a preview does not know yet, such as ids, is judged when it is created.
  it("hold every preview and every update to the policies", () => {
    const steps = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs).flatMap((job) => job.steps));
    const runs = steps.filter((step) => step.uses?.startsWith("pulumi/actions@"));
    expect(runs.map((step) => [step.with?.["command"], step.with?.["policyPacks"]])).toEqual([
      ["up", "policy"],
      ["up", "policy"],
      ["preview", "policy"],
    ]);
  });

  it("deploy to prod only in the environment that asks for approval", () => {
    const jobs = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs));
    const prod = jobs.filter((job) => job.steps.some((step) => step.with?.["stack-name"] === "prod"));
    expect(prod.map((job) => job.environment)).toEqual(["prod"]);
  });

  it("run scripts that exist", () => {
    const runs = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs).flatMap((job) => job.steps));
    for (const { run } of runs) {
      const name = /^npm (?:run (\S+)|(test))$/.exec(run ?? "");
      if (name) expect(scripts).toHaveProperty([(name[1] ?? name[2])!]);
    }
  });
});

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { enginePath } from "../../engines/find";
import { projectFiles } from "./files";

const jobs = projectFiles("apps").filter((file) => file.endsWith(".nomad.hcl"));

/** A value for each variable without a default, of a shape that any of the jobs' variables takes. */
const samples: Record<string, string> = {
  count: "2",
  cpu_mhz: "100",
  memory_mib: "64",
  image: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:${"0".repeat(64)}`,
};

function variables(file: string): string[] {
  return [...fs.readFileSync(file, "utf8").matchAll(/^variable "(\w+)"/gm)].map((match) => match[1]!);
}

function nomad(args: string[]) {
  // No agent answers here, so that the job is judged by the program itself and not by a cluster that happens to be near.
  const env = { ...process.env, NOMAD_ADDR: "http://127.0.0.1:9" };
  const { status, stdout, stderr } = spawnSync(enginePath("nomad"), args, { encoding: "utf8", env });
  return { status, output: stdout + stderr };
}

it("has one job file for each app", () => {
  expect(jobs).toEqual(fs.readdirSync("apps").map((app) => path.join("apps", app, `${app}.nomad.hcl`)));
});

describe.each(jobs)("%s", (file) => {
  it("is formatted as nomad fmt does", () => {
    expect(nomad(["fmt", "-check", "-list", file])).toEqual({ status: 0, output: "" });
  });

  it("is valid with every variable a string", () => {
    const values = variables(file).map((name) => `-var=${name}=${samples[name] ?? "text"}`);
    const result = nomad(["job", "validate", ...values, file]);
    expect(result.output).toContain("Job validation successful");
    expect(result.status).toBe(0);
  });

  it("runs what nobody on the host or in the image can widen", () => {
    const values = variables(file).map((name) => `-var=${name}=${samples[name] ?? "text"}`);
    const { output } = nomad(["job", "run", "-output", ...values, file]);
    const { Job } = JSON.parse(output) as { Job: { TaskGroups: { Tasks: { Driver: string; Config: any }[] }[] } };
    const tasks = Job.TaskGroups.flatMap(({ Tasks }) => Tasks);
    expect(tasks).toHaveLength(1);
    const { Driver, Config } = tasks[0]!;
    expect([Driver, Config.privileged, Config.cap_add, Config.volumes, Config.mount]).toEqual([
      "docker",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(Config).toMatchObject({ readonly_rootfs: true, cap_drop: ["all"], security_opt: ["no-new-privileges"] });
    expect(Config.pids_limit).toBeLessThanOrEqual(256);
    expect(Config.ulimit).toEqual([{ nofile: expect.stringMatching(/^(\d+):\1$/), core: "0:0" }]);
  });

  it("declares all of its variables as strings, because that is how the program passes them", () => {
    const text = fs.readFileSync(file, "utf8");
    const types = [...text.matchAll(/^variable "\w+" \{[^}]*?\btype\s*=\s*(\w+)/gms)].map((match) => match[1]);
    expect(types).toEqual(variables(file).map(() => "string"));
  });
});

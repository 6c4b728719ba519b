import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as nomad from "@pulumi/nomad";
import * as pulumi from "@pulumi/pulumi";
import type { WorkloadIdentity } from "./workload-identity";

export interface JobArgs {
  /** Folder under `apps/`, which holds `<app>.nomad.hcl`. */
  readonly app: string;
  /** Without it no service of the job could register. */
  readonly workloads: WorkloadIdentity;
  /** HCL2 variables of the job file; Nomad's provider takes strings only. */
  readonly variables: Readonly<Record<string, pulumi.Input<string>>>;
}

/** Long enough for slow image pulls; the job's own progress deadline is shorter and gives the reason. */
const TIMEOUT = "10m";

/** Registers an app's job and waits until its deployment is healthy. */
export function createJob(
  name: string,
  args: JobArgs,
  opts: pulumi.CustomResourceOptions & { readonly provider: nomad.Provider },
): nomad.Job {
  const text = readFileSync(path.resolve("apps", args.app, `${args.app}.nomad.hcl`), "utf8");
  const specification = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return new nomad.Job(
    name,
    {
      // The provider checks the text alone for being unknown, and would parse it in a preview with its variables missing.
      jobspec: pulumi.all([args.workloads.ready, ...Object.values(args.variables)]).apply(() => text),
      // What the file says becomes part of each task: Nomad would change checks and tags of all instances at once, with no canary and no
      // way back, where a change of the task is a new version.
      hcl2: { vars: { ...args.variables, specification } },
      detach: false,
      purgeOnDestroy: true,
      // What somebody has stopped runs again after the next refresh and up: the program says what there is.
      rerunIfDead: true,
    },
    { customTimeouts: { create: TIMEOUT, update: TIMEOUT }, ...opts },
  );
}

import { execFileSync } from "node:child_process";
import path from "node:path";
import { enginePath } from "../../engines/find";

/** What a job file of this project says of its only task, and of the tags of its only service, as Nomad reads it. */
export interface Job {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

interface Parsed {
  readonly Job: { readonly TaskGroups: readonly [Group] };
}

interface Group {
  readonly Tasks: readonly [
    {
      readonly Services: readonly [{ readonly Tags: readonly string[] | null }];
      readonly Config: { readonly args?: readonly string[] };
      readonly Env: Readonly<Record<string, string>> | null;
    },
  ];
}

/** Reads `apps/<app>/<app>.nomad.hcl` with these variables. Nothing is sent anywhere. Throws what Nomad says when the file is wrong. */
export function readJob(app: string, variables: Readonly<Record<string, string>>): Job {
  const values = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
  const file = path.resolve("apps", app, `${app}.nomad.hcl`);
  const text = execFileSync(enginePath("nomad"), ["job", "run", "-output", ...values, file], { encoding: "utf8" });
  const [group] = (JSON.parse(text) as Parsed).Job.TaskGroups;
  const [task] = group.Tasks;
  return { args: task.Config.args ?? [], env: task.Env ?? {}, tags: task.Services[0].Tags ?? [] };
}

const common = { datacenter: "bench", image: "none" };

/** The load balancer, whose headers it believes, asks from loopback here. */
export const traefikJob = (): Job =>
  readJob("traefik", { ...common, node_pool_classes: "edge", trusted_ips: "127.0.0.0/8" });

export const frontendJob = (): Job => readJob("frontend", { ...common, title: "Frontend", environment: "bench" });

/**
 * Arguments with some of them changed: one of the same name takes the place of what was there (names are not case-sensitive, as Traefik has
 * it), one of a new name goes to the end.
 */
export function withArguments(args: readonly string[], changes: readonly string[]): string[] {
  const nameOf = (arg: string) => arg.split("=")[0]!.toLowerCase();
  const changed = new Map(changes.map((change) => [nameOf(change), change]));
  const known = new Set(args.map(nameOf));
  return [
    ...args.map((arg) => changed.get(nameOf(arg)) ?? arg),
    ...changes.filter((change) => !known.has(nameOf(change))),
  ];
}

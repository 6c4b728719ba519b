import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { parseConfig, type StackConfig } from "../config";

export const STACKS = ["dev", "prod", "local"] as const;

/** The configuration of a stack, from its file, with keys of it set anew; throws what `pulumi up` would say of it. Run in the project's folder. */
export function readStack(stack: string, changes: Readonly<Record<string, unknown>> = {}): StackConfig {
  const { name } = parse(readFileSync("Pulumi.yaml", "utf8")) as { name: string };
  const { config } = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8")) as { config: Record<string, unknown> };
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${name}:`));
  const values = Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]));
  return parseConfig(
    { ...values, ...changes },
    { project: name, stack, region: config["aws:region"] as string | undefined },
  );
}

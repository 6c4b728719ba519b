import * as fs from "node:fs";
import { parse } from "yaml";

interface Declaration {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly secret?: boolean;
  readonly items?: Declaration;
}
interface Project {
  readonly name: string;
  readonly config?: Readonly<Record<string, Declaration>>;
}
interface Stack {
  readonly config?: Readonly<Record<string, unknown>>;
}

const stacks = ["dev", "prod", "local"] as const;

/** `docs/configuration.md`: every key that Pulumi.yaml declares, and what each of the three stacks sets. Keys without the project's name. */
export function configReference(project: Project, settings: Readonly<Record<string, Stack>>): string {
  const keys = Object.keys(project.config ?? {});
  const own = (key: string) => key.replace(new RegExp(`^${project.name}:`), "");
  const rows = keys.map((key) => {
    const declared = project.config![key]!;
    return [
      code(own(key)),
      type(declared),
      value(declared.default === "" ? undefined : declared.default),
      oneLine(declared.description ?? ""),
    ];
  });
  const names = Object.keys(settings);
  const differences = keys.flatMap((key) => {
    const values = names.map(
      (name) => settings[name]!.config?.[key] ?? settings[name]!.config?.[`${project.name}:${own(key)}`],
    );
    return values.some((set) => set !== undefined) ? [[code(own(key)), ...values.map(value)]] : [];
  });
  return [
    "# Configuration",
    "",
    "Generated from `Pulumi.yaml` and the stacks' files by `npx ts-node docs/config-reference.ts`; a test says when it is out of date.",
    "Set a value with `pulumi config set <key> <value> --stack <stack>`, or edit `Pulumi.<stack>.yaml`. A wrong value is refused",
    "before the first resource, with what was expected and how to fix it.",
    "",
    "## Keys",
    "",
    ...table(["Key", "Type", "Default", "What it is"], rows),
    "",
    "## What the stacks set",
    "",
    "An empty cell is the default.",
    "",
    ...table(["Key", ...names.map((name) => code(name))], differences),
    "",
  ].join("\n");
}

function table(head: string[], rows: string[][]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`);
}

const cell = (text: string) => text.replaceAll("|", "\\|");
const code = (text: string) => `\`${text}\``;
const oneLine = (text: string) => text.trim().replace(/\s+/g, " ");

function type(declared: Declaration): string {
  const base =
    declared.type === "array" ? `array of ${declared.items?.type ?? "objects"}` : (declared.type ?? "string");
  return declared.secret ? `${base}, secret` : base;
}

function value(given: unknown): string {
  if (given === undefined) return "";
  if (given !== null && typeof given === "object" && "secure" in given) return "(secret)";
  return code(typeof given === "string" ? given || '""' : JSON.stringify(given));
}

/** What the file has to hold now, by the project's own files. */
export function currentReference(): string {
  const read = <T>(file: string) => parse(fs.readFileSync(file, "utf8")) as T;
  const settings = Object.fromEntries(stacks.map((name) => [name, read<Stack>(`Pulumi.${name}.yaml`)]));
  return configReference(read<Project>("Pulumi.yaml"), settings);
}

if (require.main === module) fs.writeFileSync("docs/configuration.md", currentReference());

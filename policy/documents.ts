import type { Report } from "./rule";

/** What a statement of an IAM policy says, with one value or several made a list. */
export interface Statement {
  readonly allows: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `Service`, `AWS` and so on, each with its names; `"*"` becomes `AWS: ["*"]`, as IAM reads it. */
  readonly principals: Readonly<Record<string, readonly string[]>>;
  /** Which of NotAction, NotResource and NotPrincipal it has: what is meant by them is everything else. */
  readonly exceptions: readonly string[];
  /** Whether it holds under conditions only, whatever they are. */
  readonly isConditional: boolean;
}

type Values = string | readonly string[];
type RawStatement = Readonly<Record<string, Values>> & {
  Principal?: "*" | Readonly<Record<string, Values>>;
  Condition?: object;
};

const list = (value: Values | undefined): readonly string[] => (value === undefined ? [] : [value].flat());

/** The statements of a policy, given as text or as an object. One that cannot be read is reported. */
export function statements(document: unknown, report: Report): readonly Statement[] {
  const parsed = (typeof document === "string" ? parse(document) : document) as
    { Statement?: RawStatement | readonly RawStatement[] } | undefined;
  if (parsed?.Statement === undefined) {
    report("expected an IAM policy with statements, got none that can be read; write it as JSON");
    return [];
  }
  return [parsed.Statement].flat().map((raw: RawStatement) => {
    const principal = raw.Principal === "*" ? { AWS: "*" } : (raw.Principal ?? {});
    return {
      allows: raw.Effect === "Allow",
      actions: list(raw.Action),
      resources: list(raw.Resource),
      principals: Object.fromEntries(Object.entries(principal).map(([kind, names]) => [kind, list(names)])),
      exceptions: Object.keys(raw).filter((key) => /^Not/.test(key)),
      isConditional: Object.keys(raw.Condition ?? {}).length > 0,
    };
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a pattern of IAM, in which `*` and `?` stand for any text and any character, takes in a name. */
export function takesIn(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "is").test(name);
}

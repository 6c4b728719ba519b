/** Names of HCL2 variables: what Nomad's own parser takes for an identifier. */
const identifier = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** A text as an HCL string literal: nothing in it ends the literal or starts a template. */
export function hclString(text: string): string {
  return JSON.stringify(text)
    .replace(/\\b/g, (match, offset: number, all: string) => (escaped(all, offset) ? match : "\\u0008"))
    .replace(/\\f/g, (match, offset: number, all: string) => (escaped(all, offset) ? match : "\\u000c"))
    .replace(/([$%])\{/g, "$1$1{");
}

/** Whether the backslash at the offset is itself the second one of a pair. */
function escaped(text: string, offset: number): boolean {
  let backslashes = 0;
  while (text[offset - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

/** The contents of a variable file that gives each variable its text. */
export function variableFile(variables: Readonly<Record<string, unknown>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (!identifier.test(name))
        throw new Error(`hcl2.vars: ${JSON.stringify(name)} is not a name of an HCL2 variable`);
      if (typeof value !== "string") throw new Error(`hcl2.vars.${name}: expected a string, got ${typeof value}`);
      return `${name} = ${hclString(value)}\n`;
    })
    .join("");
}

/** The job's id as the text has it; undefined when that is not a literal. */
export function jobId(jobspec: unknown, json: boolean): string | undefined {
  if (typeof jobspec !== "string") return undefined;
  if (!json) return /^\s*job\s+"([^"]+)"\s*\{/m.exec(jobspec)?.[1];
  try {
    const parsed = JSON.parse(jobspec) as { Job?: { ID?: string }; ID?: string };
    return (parsed.Job ?? parsed).ID;
  } catch {
    return undefined;
  }
}

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import path from "node:path";

/** A pattern of `.dockerignore` as Docker reads it: it also takes everything below what it matches. */
function expression(pattern: string): RegExp {
  const text = pattern
    .replace(/^\/+|\/+$/g, "")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*\/|\*\*|\*|\?/g, (glob) =>
      glob === "**/" ? "(?:.*/)?" : glob === "**" ? ".*" : glob === "*" ? "[^/]*" : "[^/]",
    );
  return new RegExp(`^${text}(?:/.*)?$`);
}

/** A line of `.dockerignore`. */
interface Rule {
  readonly pattern: string;
  readonly shows: boolean;
  readonly matches: RegExp;
}

function rulesOf(ignoreFile: string | undefined): Rule[] {
  return (ignoreFile ? readFileSync(ignoreFile, "utf8") : "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ shows: line.startsWith("!"), pattern: line.replace(/^!\/*/, "") }))
    .map((rule) => ({ ...rule, matches: expression(rule.pattern) }));
}

/** Whether a build sees a path of the context; the last pattern that matches decides. */
const sees = (rules: readonly Rule[], file: string): boolean =>
  rules.findLast(({ matches }) => matches.test(file))?.shows ?? true;

/** Whether a build may see something below a folder that is left out itself: a pattern may bring it back. */
const mayReturn = (rules: readonly Rule[], folder: string): boolean =>
  rules.some(({ shows, pattern }) => shows && (/[*?]/.test(pattern) || pattern.startsWith(`${folder}/`)));

/** A hash of what a build of this folder sees: names, modes and contents, without what `.dockerignore` leaves out. */
export function contextHash(folder: string, dockerfile: string): string {
  const candidates = [`${dockerfile}.dockerignore`, path.join(folder, ".dockerignore")];
  const rules = rulesOf(candidates.find((file) => existsSync(file)));
  const hash = createHash("sha256").update(readFileSync(dockerfile));
  const visit = (relative: string): void => {
    const names = readdirSync(path.join(folder, relative), { withFileTypes: true });
    for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = relative ? `${relative}/${entry.name}` : entry.name;
      const full = path.join(folder, file);
      if (entry.isDirectory()) {
        if (sees(rules, file) || mayReturn(rules, file)) visit(file);
      } else if (sees(rules, file)) {
        const content = entry.isSymbolicLink() ? Buffer.from(readlinkSync(full)) : readFileSync(full);
        const mode = entry.isSymbolicLink() ? "link" : (statSync(full).mode & 0o777).toString(8);
        hash.update(`\0${file}\0${mode}\0${content.length}\0`).update(content);
      }
    }
  };
  visit("");
  return hash.digest("hex");
}

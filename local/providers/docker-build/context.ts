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

/** Whether a build sees a path of the context; the last pattern that matches decides. */
function visible(ignoreFile: string | undefined): (file: string) => boolean {
  const rules = (ignoreFile ? readFileSync(ignoreFile, "utf8") : "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ shows: line.startsWith("!"), matches: expression(line.replace(/^!/, "")) }));
  return (file) => rules.findLast(({ matches }) => matches.test(file))?.shows ?? true;
}

/** A hash of what a build of this folder sees: names, modes and contents, without what `.dockerignore` leaves out. */
export function contextHash(folder: string, dockerfile: string): string {
  const candidates = [`${dockerfile}.dockerignore`, path.join(folder, ".dockerignore")];
  const sees = visible(candidates.find((file) => existsSync(file)));
  const hash = createHash("sha256").update(readFileSync(dockerfile));
  const visit = (relative: string): void => {
    const names = readdirSync(path.join(folder, relative), { withFileTypes: true });
    for (const entry of names.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = relative ? `${relative}/${entry.name}` : entry.name;
      const full = path.join(folder, file);
      // A folder that is left out may hold files that a later pattern brings back.
      if (entry.isDirectory()) visit(file);
      else if (sees(file)) {
        const content = entry.isSymbolicLink() ? Buffer.from(readlinkSync(full)) : readFileSync(full);
        const mode = entry.isSymbolicLink() ? "link" : (statSync(full).mode & 0o777).toString(8);
        hash.update(`\0${file}\0${mode}\0${content.length}\0`).update(content);
      }
    }
  };
  visit("");
  return hash.digest("hex");
}

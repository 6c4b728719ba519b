import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import * as path from "node:path";

/** Sixteen hexadecimal digits that change when anything that a Docker build of this folder with these arguments sees changes. */
export function contentHash(folder: string, buildArgs: Readonly<Record<string, string>> = {}): string {
  const ignored = ignoreRules(folder);
  const hash = createHash("sha256");
  for (const [name, value] of Object.entries(buildArgs)) hash.update(`${name}=${value}\0`);
  for (const file of filesUnder(folder, "", ignored)) {
    const full = path.join(folder, file.path);
    const content = file.link ? readlinkSync(full) : readFileSync(full);
    const mode = file.link ? "link" : (statSync(full).mode & 0o111) === 0 ? "file" : "executable";
    hash.update(`${file.path}\0${mode}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

interface Entry {
  readonly path: string;
  readonly link: boolean;
}

function filesUnder(root: string, relative: string, ignored: (path: string) => boolean): Entry[] {
  const entries = readdirSync(path.join(root, relative), { withFileTypes: true });
  // By code unit, so that the order does not depend on anybody's locale.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const entryPath = relative === "" ? entry.name : `${relative}/${entry.name}`;
    if (entry.isDirectory()) return ignored(entryPath) ? [] : filesUnder(root, entryPath, ignored);
    return ignored(entryPath) ? [] : [{ path: entryPath, link: entry.isSymbolicLink() }];
  });
}

/** The rules of `.dockerignore`: the last line that matches a path, or a folder above it, decides. */
function ignoreRules(folder: string): (path: string) => boolean {
  const file = path.join(folder, ".dockerignore");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split(/\r?\n/) : [];
  const rules = lines
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ keep: line.startsWith("!"), pattern: toPattern(line.replace(/^!/, "")) }));
  return (candidate) => {
    const last = rules.filter((rule) => rule.pattern.test(candidate)).at(-1);
    return last !== undefined && !last.keep;
  };
}

function toPattern(line: string): RegExp {
  const body = line
    .replace(/^\/+|\/+$/g, "")
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*\/|\*\*|\*|\?/g, (glob) => {
      if (glob === "**/") return "(?:.*/)?";
      if (glob === "**") return ".*";
      return glob === "*" ? "[^/]*" : "[^/]";
    });
  return new RegExp(`^${body}(?:/.*)?$`);
}

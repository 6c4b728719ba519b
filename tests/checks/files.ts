import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { cacheRoot } from "../../engines/find";

const generated = new Set([".git", "node_modules", ".build", ".local", "dist", "coverage"]);

/** Every file of the project, relative to its root, without what is installed or generated. */
export function projectFiles(under = "."): string[] {
  return fs.readdirSync(under, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(under, entry.name);
    if (entry.isDirectory()) return generated.has(entry.name) ? [] : projectFiles(file);
    return entry.isFile() ? [file] : [];
  });
}

/** A linter of requirements.txt as setup.mjs installs it, else one of that name on PATH, else undefined. */
export function linter(name: "shellcheck" | "hadolint"): string | undefined {
  const requirements = fs.readFileSync(path.resolve("tests/checks/requirements.txt"));
  const hash = crypto.createHash("sha256").update(requirements).digest("hex").slice(0, 12);
  const own = path.join(cacheRoot(), `linters-${hash}`, "bin");
  const folders = [own, ...(process.env["PATH"] ?? "").split(path.delimiter)];
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** The version of the SDK that the program uses: the engine wants the provider to have it too. */
export function packageVersion(name: string): string {
  const fromProject = createRequire(path.resolve("package.json"));
  // Read rather than required: a package may keep its package.json out of its exports.
  const folders = fromProject.resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      return (JSON.parse(readFileSync(path.join(folder, name, "package.json"), "utf8")) as { version: string }).version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error(`${name} is not installed; run \`npm ci\``);
}

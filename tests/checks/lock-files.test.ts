import * as fs from "node:fs";

import { missingPackages } from "./complete-lock";
import { projectFiles } from "./files";

describe.each(projectFiles().filter((file) => file.endsWith("package-lock.json")))("%s", (file) => {
  const lock = JSON.parse(fs.readFileSync(file, "utf8")) as { packages: Record<string, object> };

  it("lists every optional package that its packages ask for, without which `npm ci` refuses it", () => {
    const remedy = `npx ts-node tests/checks/complete-lock.ts ${file}`;
    expect({ remedy, missing: missingPackages(lock).map(({ name }) => name) }).toEqual({ remedy, missing: [] });
  });

  it("names no registry, so that everybody's packages come from the one they are set up for", () => {
    const entries = Object.values(lock.packages as Record<string, { resolved?: string; link?: boolean }>);
    const places = entries.filter(({ link }) => link !== true).flatMap(({ resolved }) => resolved ?? []);
    expect(places).toEqual([]);
  });
});

import * as fs from "node:fs";
import * as path from "node:path";

import { projectFiles } from "./files";

const binary = /\.(png|ico|gz|zip)$/;
const vendored = /(^|\/)(go\.sum|go\.mod|package-lock\.json)$/;
const texts = projectFiles().filter((file) => !binary.test(file) && !vendored.test(file));
const read = (file: string) => fs.readFileSync(file, "utf8");

function offenders(pattern: RegExp, files = texts): string[] {
  return files.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
}

describe("the project's text", () => {
  it("names no path of anybody's machine", () => {
    const names = ["work", "Users", "home/(?!node\\b)\\w+", "tmp/eng"].join("|");
    expect(offenders(new RegExp(`(^|[\\s"'\`(=:])/(${names})/`))).toEqual([]);
  });

  it("has nothing left to be done", () => {
    const words = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|");
    expect(offenders(new RegExp(`\\b(${words})\\b`))).toEqual([]);
  });

  it("has no conflict marks and no trailing blanks", () => {
    expect(offenders(/^(<{7}|>{7}|={7}$)|[ \t]+$/)).toEqual([]);
  });

  it("ends every file with one line end", () => {
    expect(texts.filter((file) => read(file) !== "" && !/[^\n]\n$/.test(read(file)))).toEqual([]);
  });

  it("names files in kebab-case", () => {
    const own = texts.filter((file) => /\.(ts|mjs|js|sh|hcl|json|yaml|yml|eta)$/.test(file));
    const allowed = /^(\.?[a-z0-9]+([-.][a-z0-9]+)*|Pulumi(Policy|\.[a-z]+)?\.yaml)$/;
    expect(own.filter((file) => !allowed.test(path.basename(file)))).toEqual([]);
  });

  it("keeps source files to a size that one reads at a sitting", () => {
    const sources = texts.filter((file) => /\.(ts|mjs|js|py|sh)$/.test(file) && !/\.test\.ts$/.test(file));
    const long = sources.map((file) => ({ file, lines: read(file).split("\n").length - 1 }));
    expect(long.filter(({ lines }) => lines > 300)).toEqual([]);
  });

  it("tells no test to run alone", () => {
    expect(
      offenders(
        /\b(it|test|describe)\.only\b/,
        texts.filter((file) => file.endsWith(".test.ts") && !file.endsWith("text.test.ts")),
      ),
    ).toEqual([]);
  });
});

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";

import { linter, projectFiles } from "./files";

const shellcheck = linter("shellcheck");
const hadolint = linter("hadolint");
const files = projectFiles();
// By content too: a program that happens to be a script has no suffix.
const scripts = files.filter((file) => file.endsWith(".sh") || /^#!.*\b(ba)?sh\b/.test(firstLine(file)));
const dockerfiles = files.filter((file) => /(^|\/)(Dockerfile|[^/]+\.Dockerfile)$/.test(file));

function firstLine(file: string): string {
  const start = Buffer.alloc(64);
  const handle = fs.openSync(file, "r");
  fs.readSync(handle, start);
  fs.closeSync(handle);
  return start.toString("utf8").split("\n")[0]!;
}

function output(program: string, args: string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error) throw error;
  return stdout + stderr;
}

// Without Python there are no linters; setup.mjs says so when it leaves them out.
(shellcheck ? describe : describe.skip)("shellcheck", () => {
  it("finds nothing in any shell script", () => {
    expect(scripts).toContain(".ci/run");
    expect(output(shellcheck!, ["--external-sources", "--source-path=SCRIPTDIR", ...scripts])).toBe("");
  });
});

(hadolint ? describe : describe.skip)("hadolint", () => {
  it("finds nothing in any Dockerfile", () => {
    expect(dockerfiles).toEqual(expect.arrayContaining(["apps/backend/Dockerfile", "apps/frontend/Dockerfile"]));
    expect(output(hadolint!, ["--no-color", ...dockerfiles])).toBe("");
  });
});

describe("shell scripts", () => {
  it.each(files.filter((file) => file.endsWith(".sh")))("%s names its interpreter", (file) => {
    expect(firstLine(file)).toMatch(
      /^#!\/(bin\/sh|bin\/bash|usr\/bin\/env (ba)?sh)( -\w+)?$|^# shellcheck shell=(ba)?sh$/,
    );
  });
});

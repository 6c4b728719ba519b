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

describe("Dockerfiles", () => {
  const lines = (file: string): string[] => fs.readFileSync(file, "utf8").split("\n");
  /** What the build starts from: not from a stage of its own, nor from nothing. */
  const bases = (file: string): string[] => {
    const stages = lines(file).map((line) => /^FROM (\S+)(?: AS (\S+))?/.exec(line) ?? []);
    const own = new Set(["scratch", ...stages.map(([, , name]) => name)]);
    return stages.flatMap(([, base]) => (base === undefined || own.has(base) ? [] : [base]));
  };

  it.each(dockerfiles.filter((file) => file.startsWith("apps/")))(
    "%s starts from images that build arguments name, by default with a version",
    (file) => {
      const defaults = new Map(
        lines(file).flatMap((line) => [/^ARG (\w+)=(\S+)$/.exec(line)?.slice(1) as [string, string]].filter(Boolean)),
      );
      expect(bases(file)).not.toEqual([]);
      for (const base of bases(file)) {
        expect(base).toMatch(/^\$\{\w+\}$/);
        expect(defaults.get(base.slice(2, -1))).toMatch(/^[a-z0-9./-]+:v?\d[\w.-]*$/);
      }
    },
  );

  it.each(dockerfiles.filter((file) => !file.startsWith("apps/")))(
    "%s starts from a release of Debian or Node.js, or from an image that is made here",
    (file) => {
      expect(bases(file)).not.toEqual([]);
      for (const base of bases(file))
        expect(base).toMatch(/^(debian:bookworm-slim|node:\d+-bookworm-slim|cluster-local\/\S+)$/);
    },
  );
});

describe("shell scripts", () => {
  it.each(files.filter((file) => file.endsWith(".sh")))("%s names its interpreter", (file) => {
    expect(firstLine(file)).toMatch(
      /^#!\/(bin\/sh|bin\/bash|usr\/bin\/env (ba)?sh)( -\w+)?$|^# shellcheck shell=(ba)?sh$/,
    );
  });
});

import { execFileSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { addToMirror, zipOf } from "./mirror";

let folder: string;

beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "mirror-test-"))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe("an archive of the mirror", () => {
  const content = crypto.createHash("sha512").update("a program").digest();

  it("unpacks with the tool that hosts unpack it with", () => {
    fs.writeFileSync(path.join(folder, "nomad.zip"), zipOf("nomad", content));
    execFileSync("python3", ["-m", "zipfile", "-t", "nomad.zip"], { cwd: folder });
    execFileSync("python3", ["-m", "zipfile", "-e", "nomad.zip", "out"], { cwd: folder });
    expect(fs.readFileSync(path.join(folder, "out/nomad"))).toEqual(content);
    expect(fs.readdirSync(path.join(folder, "out"))).toEqual(["nomad"]);
  });

  it("is the same for the same program, so that its checksum can be pinned", () => {
    expect(zipOf("nomad", content)).toEqual(zipOf("nomad", content));
    expect(zipOf("nomad", content)).not.toEqual(zipOf("nomad", Buffer.from("another")));
  });
});

describe("the mirror", () => {
  const cache = process.env["XDG_CACHE_HOME"];
  beforeEach(() => (process.env["XDG_CACHE_HOME"] = folder));
  afterEach(() => {
    if (cache === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = cache;
  });

  /** What the mirror has of nomad, by version: the archive's checksum in its list, once it is the archive's. */
  function sums(): Record<string, string> {
    const root = path.join(folder, "nomad-consul-cluster/mirror/nomad");
    const entries = fs.readdirSync(root).map((version) => {
      const list = fs.readFileSync(path.join(root, version, `nomad_${version}_SHA256SUMS`), "utf8");
      const [sum = "", archive = ""] = list.trim().split("  ");
      const bytes = fs.readFileSync(path.join(root, version, archive));
      expect(crypto.createHash("sha256").update(bytes).digest("hex")).toBe(sum);
      return [version, sum] as const;
    });
    return Object.fromEntries(entries);
  }

  function program(content: string): string {
    const file = path.join(folder, `program-${content}`);
    fs.writeFileSync(file, content);
    return file;
  }

  it("has versions side by side", () => {
    addToMirror("nomad", "1.0.0", program("old"));
    addToMirror("nomad", "1.1.0", program("newer"));
    expect(Object.keys(sums())).toEqual(["1.0.0", "1.1.0"]);
    expect(new Set(Object.values(sums())).size).toBe(2);
  });

  it("takes a program that was made anew", () => {
    addToMirror("nomad", "1.0.0", program("old"));
    const before = sums();
    addToMirror("nomad", "1.0.0", program("mended"));
    expect(sums()["1.0.0"]).not.toBe(before["1.0.0"]);
  });
});

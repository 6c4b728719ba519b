import { execFileSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { zipOf } from "./mirror";

describe("an archive of the mirror", () => {
  const content = crypto.createHash("sha512").update("a program").digest();
  let folder: string;

  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "mirror-test-"))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

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

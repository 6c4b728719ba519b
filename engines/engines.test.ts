import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import * as zlib from "node:zlib";

import { checksumOf, unzip } from "./download";
import { cachedPath, engineNames, releaseOf } from "./find";
import { atLeast, installEngine } from "./install";
import versions from "./versions.json";

let folder: string;
let server: http.Server;
let files: Map<string, Buffer>;
let requests: string[];
let base: string;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "engines-"));
  files = new Map();
  requests = [];
  server = http.createServer((request, response) => {
    requests.push(request.url!);
    const body = files.get(request.url!);
    response.writeHead(body ? 200 : 404).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A zip of one deflated member, as much of the format as release archives use. */
function zip(name: string, content: Buffer): Buffer {
  const packed = zlib.deflateRawSync(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(content.length, 22);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(content.length, 24);
  central.writeUInt16LE(name.length, 28);
  const start = 30 + name.length + packed.length;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([local, Buffer.from(name), packed, central, Buffer.from(name), end]);
}

function publish(content: Buffer, checksum = crypto.createHash("sha256").update(content).digest("hex")) {
  files.set("/tool_1.0.0_linux_amd64.zip", content);
  files.set(
    "/tool_1.0.0_SHA256SUMS",
    Buffer.from(`${"0".repeat(64)}  other.zip\n${checksum}  tool_1.0.0_linux_amd64.zip\n`),
  );
}

function installation(url = base) {
  return {
    name: "tool",
    version: "1.0.0",
    target: path.join(folder, "engines", "tool-1.0.0-abc", "tool"),
    release: { archive: `${url}/tool_1.0.0_linux_amd64.zip`, checksums: `${url}/tool_1.0.0_SHA256SUMS` },
    // Neither this folder nor this module exists: a test that gets as far as building ends there.
    module: path.join(folder, "module", "tool"),
    recipe: { main: "example.com/tool", ldflags: "", takes: "no time" },
  };
}

const script = Buffer.from("#!/bin/sh\necho tool 1.0.0\n");

describe("installing an engine", () => {
  it("downloads the vendor's archive, verifies its checksum and leaves an executable and nothing else", async () => {
    publish(zip("tool", script));
    const log: string[] = [];
    await installEngine(installation(), (line) => log.push(line));
    const { target } = installation();
    expect(fs.readFileSync(target)).toEqual(script);
    expect(fs.statSync(target).mode & 0o111).toBe(0o111);
    expect(fs.readdirSync(path.dirname(target))).toEqual(["tool"]);
    expect(fs.readdirSync(path.join(folder, "engines"))).toEqual(["tool-1.0.0-abc"]);
    expect(log).toEqual(["engines: tool 1.0.0 downloaded, checksum verified"]);
  });

  it("refuses an archive whose checksum differs, and installs nothing", async () => {
    const archive = zip("tool", script);
    publish(archive, "f".repeat(64));
    const log: string[] = [];
    await expect(installEngine(installation(), (line) => log.push(line))).rejects.toThrow();
    const actual = crypto.createHash("sha256").update(archive).digest("hex");
    expect(log[0]).toBe(
      `engines: no release of tool 1.0.0: tool_1.0.0_linux_amd64.zip has SHA-256 ${actual}, ` +
        `its vendor lists ${"f".repeat(64)}; building it instead`,
    );
    expect(fs.readdirSync(path.join(folder, "engines"))).toEqual([]);
  });

  it("says which site does not answer before it builds", async () => {
    const log: string[] = [];
    await expect(installEngine(installation("http://127.0.0.1:9"), (line) => log.push(line))).rejects.toThrow();
    expect(log[0]).toMatch(
      /^engines: no release of tool 1\.0\.0: 127\.0\.0\.1:9 does not answer \(.+\); building it instead$/,
    );
  });

  it("works once when two processes want the same program", async () => {
    publish(zip("tool", script));
    await Promise.all([installEngine(installation(), () => {}), installEngine(installation(), () => {})]);
    expect(requests).toEqual(["/tool_1.0.0_SHA256SUMS", "/tool_1.0.0_linux_amd64.zip"]);
  });

  it("takes over from a process that was killed", async () => {
    publish(zip("tool", script));
    const { target } = installation();
    const abandoned = `${path.dirname(target)}.work-4194999`;
    fs.mkdirSync(abandoned, { recursive: true });
    fs.writeFileSync(`${path.dirname(target)}.lock`, "4194999");
    await installEngine(installation(), () => {});
    expect(fs.readdirSync(path.join(folder, "engines"))).toEqual(["tool-1.0.0-abc"]);
  });
});

describe("pinned engines", () => {
  it("has a Go module for each, which requires exactly the pinned version", () => {
    for (const name of engineNames) {
      const required = fs.readFileSync(path.resolve("engines", name, "go.mod"), "utf8");
      const main = { nomad: "hashicorp/nomad", consul: "hashicorp/consul", traefik: "traefik/traefik/v3" } as const;
      const others = { pulumi: "pulumi/pulumi/pkg/v3", actionlint: "rhysd/actionlint", syft: "anchore/syft" } as const;
      const module = { ...main, ...others }[name];
      expect(required).toContain(`github.com/${module} v${versions[name]}`);
    }
  });

  it("keys the cache by version and recipe", () => {
    for (const name of engineNames)
      expect(cachedPath(name)).toMatch(new RegExp(`/engines/${name}-${versions[name]}-[0-9a-f]{12}/${name}$`));
  });

  it("knows the vendors' names of archives", () => {
    expect(engineNames.map((name) => releaseOf(name, versions[name], "linux", "x64")?.archive)).toEqual([
      "https://releases.hashicorp.com/nomad/1.11.3/nomad_1.11.3_linux_amd64.zip",
      "https://releases.hashicorp.com/consul/1.22.7/consul_1.22.7_linux_amd64.zip",
      "https://github.com/traefik/traefik/releases/download/v3.6.12/traefik_v3.6.12_linux_amd64.tar.gz",
      "https://github.com/pulumi/pulumi/releases/download/v3.253.0/pulumi-v3.253.0-linux-x64.tar.gz",
      "https://github.com/rhysd/actionlint/releases/download/v1.7.12/actionlint_1.7.12_linux_amd64.tar.gz",
      "https://github.com/anchore/syft/releases/download/v1.57.0/syft_1.57.0_linux_amd64.tar.gz",
    ]);
    expect(releaseOf("nomad", "1.11.3", "win32", "x64")).toBeUndefined();
  });
});

describe("finding an engine", () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  /** The module anew, with an empty cache and a PATH of one folder. */
  function freshModule(): typeof import("./find") {
    process.env["XDG_CACHE_HOME"] = path.join(folder, "cache");
    process.env["PATH"] = path.join(folder, "bin") + path.delimiter + "/bin";
    jest.resetModules();
    return jest.requireActual("./find");
  }

  function addToPath(name: string, says: string): string {
    const file = path.join(folder, "bin", name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 });
    return file;
  }

  it("takes a program of the pinned version from PATH", () => {
    const file = addToPath("nomad", `Nomad v${versions.nomad}`);
    expect(freshModule().enginePath("nomad")).toBe(file);
  });

  it("passes by another version on PATH, and takes the cached program", () => {
    addToPath("nomad", "Nomad v1.5.0");
    const { cachedPath, enginePath } = freshModule();
    fs.mkdirSync(path.dirname(cachedPath("nomad")), { recursive: true });
    fs.writeFileSync(cachedPath("nomad"), "");
    expect(enginePath("nomad")).toBe(cachedPath("nomad"));
  });

  it("keeps another version of a program, made from another module, beside the pinned one", async () => {
    publish(zip("tool", script));
    const { cacheRoot, ensureCached } = freshModule();
    const source = installation();
    fs.mkdirSync(source.module, { recursive: true });
    for (const file of ["go.mod", "go.sum"]) fs.writeFileSync(path.join(source.module, file), "");
    const first = await ensureCached(source, () => {});
    fs.writeFileSync(path.join(source.module, "go.sum"), "another");
    const second = await ensureCached(source, () => {});
    await ensureCached(source, () => {});
    expect(path.relative(cacheRoot(), first)).toMatch(/^engines\/tool-1\.0\.0-[0-9a-f]{12}\/tool$/);
    expect([first, second].map((file) => fs.readFileSync(file))).toEqual([script, script]);
    expect(second).not.toBe(first);
    // Nothing was asked for the third time.
    expect(requests).toHaveLength(4);
  });

  it("says how to get a program that is nowhere", () => {
    const { enginePath } = freshModule();
    expect(() => enginePath("consul")).toThrow(
      `consul ${versions.consul} is neither on PATH in this version nor in ${path.join(folder, "cache/nomad-consul-cluster/engines")}: ` +
        "run `node setup.mjs --engines consul`, which downloads it or builds it from its Go module",
    );
  });
});

describe("helpers", () => {
  it("reads a checksum out of a list in any of the vendors' forms", () => {
    const sum = "a".repeat(64);
    expect(checksumOf(`${sum}  a.zip\n`, "a.zip")).toBe(sum);
    expect(checksumOf(`${sum} *./a.zip\n`, "a.zip")).toBe(sum);
    expect(() => checksumOf(`${sum}  b.zip\n`, "a.zip")).toThrow("the checksum list has no line for a.zip");
  });

  it("refuses what is not a zip, and a zip without the program", () => {
    expect(() => unzip(Buffer.from("text"), "tool")).toThrow("not a zip archive");
    expect(() => unzip(zip("LICENSE", script), "tool")).toThrow("the archive has no tool");
  });

  it.each([
    ["1.26.8", "1.25.11", true],
    ["1.25.11", "1.25.11", true],
    ["1.25.9", "1.25.11", false],
    ["1.19", "1.25", false],
  ])("compares Go %s with %s", (have, needed, result) => expect(atLeast(have, needed)).toBe(result));
});

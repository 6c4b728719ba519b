import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";

import { cacheRoot, enginePath } from "../../engines/find";
import versions from "../../engines/versions.json";

const programs = ["consul", "nomad"] as const;
const architecture = process.arch === "arm64" ? "arm64" : "amd64";

const mirrorRoot = (): string => path.join(cacheRoot(), "mirror");

/** The pinned Consul and Nomad, as folders of the mirror. */
export const pinnedReleases = programs.map((name) => path.join(name, versions[name]));

/**
 * A folder laid out like releases.hashicorp.com, with the Consul and Nomad that this machine has: what hosts install from where
 * the real site is out of reach. Made when missing or when a program is another than before; returns its path.
 */
export function ensureMirror(): string {
  for (const name of programs) addToMirror(name, versions[name], enginePath(name));
  return mirrorRoot();
}

/** Has the mirror offer this program under this version, unless it does. */
export function addToMirror(name: string, version: string, program: string): void {
  const folder = path.join(mirrorRoot(), name, version);
  const archive = `${name}_${version}_linux_${architecture}.zip`;
  const from = path.join(folder, `.${archive}.from`);
  const identity = `${program} ${fingerprint(program)}`;
  if (fs.existsSync(from) && fs.readFileSync(from, "utf8") === identity) return;
  fs.mkdirSync(folder, { recursive: true });
  const bytes = zipOf(name, fs.readFileSync(program));
  const sum = crypto.createHash("sha256").update(bytes).digest("hex");
  writeWhole(path.join(folder, archive), bytes);
  writeWhole(path.join(folder, `${name}_${version}_SHA256SUMS`), `${sum}  ${archive}\n`);
  writeWhole(from, identity);
}

/** SHA-256 of each archive in the mirror, in the form that stack configuration takes. */
export function mirrorSums(): Record<(typeof programs)[number], string> {
  const root = ensureMirror();
  const sum = (name: (typeof programs)[number]): string =>
    fs.readFileSync(path.join(root, name, versions[name], `${name}_${versions[name]}_SHA256SUMS`), "utf8").slice(0, 64);
  return { consul: sum("consul"), nomad: sum("nomad") };
}

/** Size and time of a large file: enough to see that it was built or downloaded anew, and quick. */
export function fingerprint(file: string): string {
  const { size, mtimeMs } = fs.statSync(file);
  return `${size} ${Math.floor(mtimeMs)}`;
}

function writeWhole(file: string, content: Buffer | string): void {
  fs.writeFileSync(`${file}.${process.pid}`, content);
  fs.renameSync(`${file}.${process.pid}`, file);
}

/** A zip archive with one executable in it, stored as it is: it never leaves the machine. */
export function zipOf(name: string, content: Buffer): Buffer {
  const crc = zlib.crc32(content);
  const fixed = (offset: "local" | "central"): Buffer => {
    const header = Buffer.alloc(offset === "local" ? 30 : 46);
    const at = offset === "local" ? 0 : 2;
    header.writeUInt32LE(offset === "local" ? 0x04034b50 : 0x02014b50, 0);
    // Made under Unix, by version 2.0 of the format, for the mode below to count.
    if (offset === "central") header.writeUInt16LE((3 << 8) | 20, 4);
    header.writeUInt16LE(20, 4 + at);
    // 1 January 1980, so that the same program gives the same archive.
    header.writeUInt16LE(0x21, 12 + at);
    header.writeUInt32LE(crc, 14 + at);
    header.writeUInt32LE(content.length, 18 + at);
    header.writeUInt32LE(content.length, 22 + at);
    header.writeUInt16LE(name.length, 26 + at);
    if (offset === "central") header.writeUInt32LE((0o100755 << 16) >>> 0, 38);
    return Buffer.concat([header, Buffer.from(name)]);
  };
  const local = fixed("local");
  const central = fixed("central");
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + content.length, 16);
  return Buffer.concat([local, content, central, end]);
}

import { execFileSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";

import type { Release } from "./find";

/** A release site that does not answer the small checksum list in this time is taken as not reachable. */
const reachableWithinMs = 8_000;
const downloadWithinMs = 15 * 60_000;

async function get(url: string, withinMs: number): Promise<Buffer> {
  const response = await fetch(url, { redirect: "follow", signal: AbortSignal.timeout(withinMs) }).catch((error) => {
    throw new Error(`${new URL(url).host} does not answer (${reason(error)})`);
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

function reason(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

/** The checksum that a `sha256sum`-style list gives for one file. */
export function checksumOf(list: string, file: string): string {
  for (const line of list.split("\n")) {
    const [sum, name] = line.trim().split(/\s+/);
    if (sum !== undefined && name?.replace(/^\*?(\.\/)?/, "") === file) return sum.toLowerCase();
  }
  throw new Error(`the checksum list has no line for ${file}`);
}

/** Reads one member of a zip archive by its central directory. */
export function unzip(archive: Buffer, member: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0) throw new Error("not a zip archive");
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength);
    if (name === member) {
      const local = archive.readUInt32LE(at + 42);
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const packed = archive.subarray(start, start + archive.readUInt32LE(at + 20));
      return archive.readUInt16LE(at + 10) === 0 ? packed : zlib.inflateRawSync(packed);
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`the archive has no ${member}`);
}

function untar(archive: Buffer, member: string, folder: string): Buffer {
  const packed = path.join(folder, "archive.tar.gz");
  fs.writeFileSync(packed, archive);
  execFileSync("tar", ["-xzf", packed, "-C", folder]);
  // Traefik's archive holds the program at its top, Pulumi's in a folder.
  for (const candidate of [member, path.join(member, member)]) {
    const file = path.join(folder, candidate);
    if (fs.existsSync(file) && fs.statSync(file).isFile()) return fs.readFileSync(file);
  }
  throw new Error(`the archive has no ${member}`);
}

/**
 * Downloads a release's archive, verifies it against the vendor's checksum list and writes the program to `destination`.
 * Rejects within seconds when the site cannot be reached, and without a file when the checksum differs.
 */
export async function downloadRelease(name: string, release: Release, destination: string): Promise<void> {
  const list = (await get(release.checksums, reachableWithinMs)).toString("utf8");
  const file = path.basename(new URL(release.archive).pathname);
  const expected = checksumOf(list, file);
  const archive = await get(release.archive, downloadWithinMs);
  const actual = crypto.createHash("sha256").update(archive).digest("hex");
  if (actual !== expected) throw new Error(`${file} has SHA-256 ${actual}, its vendor lists ${expected}`);
  const folder = fs.mkdtempSync(`${destination}.unpack-`);
  try {
    const program = file.endsWith(".zip") ? unzip(archive, name) : untar(archive, name, folder);
    fs.writeFileSync(destination, program, { mode: 0o755 });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

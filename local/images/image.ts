import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { buildImage, engine, inspectImage, pullImage, type Log } from "./docker";

/** Holds the hash of what an image was made from; an image without it was made by somebody else and is left alone. */
export const madeFromLabel = "cluster-local.made-from";

/** An image that the local cloud needs in the engine. */
export interface ImageSpec {
  readonly tag: string;
  /** Folder with its Dockerfile; every file in it counts as source. */
  readonly folder: string;
  /** Images that its Dockerfile starts from: a new one makes this one new. */
  readonly parents: readonly string[];
  /** Build arguments. */
  readonly args?: Record<string, string>;
  /** What else it is made from: a name and what identifies the content. */
  readonly inputs?: () => Record<string, string>;
  /** Brings what is not in `folder` into the build context. */
  readonly prepare?: (context: string, log: Log) => Promise<void> | void;
  /** A public image of this name is preferred when its registry answers. */
  readonly published?: boolean;
  /** Makes the image without a Dockerfile. */
  readonly make?: (context: string, labels: Record<string, string>, log: Log) => Promise<void>;
  /** Shown before the work starts. */
  readonly takes: string;
}

function filesUnder(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Identifies everything that the image is made from, parents included. */
export async function madeFrom(spec: ImageSpec): Promise<string> {
  const hash = crypto.createHash("sha256");
  const add = (name: string, value: string | Buffer): void => {
    hash.update(`${name}\0${value.length}\0`).update(value);
  };
  for (const file of filesUnder(spec.folder)) {
    add(path.relative(spec.folder, file), fs.readFileSync(file));
    add("mode", String(fs.statSync(file).mode & 0o111));
  }
  for (const values of [spec.args ?? {}, spec.inputs?.() ?? {}]) {
    for (const [name, value] of Object.entries(values)) add(name, value);
  }
  for (const parent of spec.parents) {
    add(parent, (await inspectImage(parent))?.id ?? "");
  }
  return hash.digest("hex").slice(0, 16);
}

/** Makes the image unless the engine has it, made from the same. True when something was done. */
export async function ensureImage(spec: ImageSpec, log: Log): Promise<boolean> {
  const existing = await inspectImage(spec.tag);
  const label = existing?.labels[madeFromLabel];
  if (existing !== undefined && spec.published && label === undefined) return false;
  const wanted = await madeFrom(spec);
  if (label === wanted) return false;
  if (existing === undefined && spec.published && (await pullImage(spec.tag, log))) return true;

  log(`${spec.tag}: making it (${spec.takes})`);
  const started = Date.now();
  const context = fs.mkdtempSync(path.join(os.tmpdir(), "cluster-image-"));
  const labels = { [madeFromLabel]: wanted };
  try {
    fs.cpSync(spec.folder, context, { recursive: true });
    await spec.prepare?.(context, log);
    if (spec.make !== undefined) await spec.make(context, labels, log);
    else await buildImage({ tag: spec.tag, folder: context, labels, args: spec.args ?? {} }, log);
  } catch (error) {
    throw new Error(`${spec.tag} could not be made: ${(error as Error).message}`);
  } finally {
    fs.rmSync(context, { recursive: true, force: true });
  }
  // The one that it replaces, unless something still runs on it; its layers would pile up.
  if (existing !== undefined)
    await engine
      .getImage(existing.id)
      .remove()
      .catch(() => undefined);
  log(`${spec.tag}: made in ${Math.round((Date.now() - started) / 1000)} s`);
  return true;
}

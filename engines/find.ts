import { execFileSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { installEngine } from "./install";
import versions from "./versions.json";

/** A program of a pinned version that the project runs: `engines/versions.json` pins it, `engines/<name>/` can build it. */
export type EngineName = keyof typeof versions;

export const engineNames = Object.keys(versions) as EngineName[];

/** What a program prints of its own version, by the arguments that make it do so. */
const versionArgs: Record<EngineName, string[]> = {
  nomad: ["version"],
  consul: ["version"],
  traefik: ["version"],
  pulumi: ["version"],
  actionlint: ["-version"],
  syft: ["version"],
};

/** Where the official program is published, for the platforms that it is published for. */
export interface Release {
  readonly archive: string;
  readonly checksums: string;
}

/** How a program is made from its Go module. */
export interface Recipe {
  readonly main: string;
  readonly ldflags: string;
  /** Shown before a build, so that nobody takes it for hung. */
  readonly takes: string;
}

export const recipes: Record<EngineName, Recipe> = {
  nomad: { main: "github.com/hashicorp/nomad", ldflags: "-s -w", takes: "4 to 8 minutes on 2 cores" },
  consul: { main: "github.com/hashicorp/consul", ldflags: "-s -w", takes: "3 to 8 minutes on 2 cores" },
  traefik: {
    main: "github.com/traefik/traefik/v3/cmd/traefik",
    ldflags: `-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=${versions.traefik}`,
    takes: "5 to 15 minutes on 2 cores",
  },
  pulumi: {
    main: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    // Without a version of its own the CLI answers one that the Automation API cannot parse.
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${versions.pulumi}`,
    takes: "4 to 8 minutes on 2 cores",
  },
  actionlint: {
    main: "github.com/rhysd/actionlint/cmd/actionlint",
    ldflags: `-s -w -X github.com/rhysd/actionlint.version=${versions.actionlint}`,
    takes: "less than a minute",
  },
  syft: {
    main: "github.com/anchore/syft/cmd/syft",
    ldflags: `-s -w -X main.version=${versions.syft}`,
    takes: "5 to 15 minutes on 2 cores",
  },
};

/** One version of a program, and what it is made from. */
export interface Source {
  readonly name: string;
  readonly version: string;
  readonly release: Release | undefined;
  /** Folder of the Go module that pins the version. */
  readonly module: string;
  readonly recipe: Recipe;
}

function pinned(name: EngineName): Source {
  const version = versions[name];
  return {
    ...{ name, version, release: releaseOf(name, version) },
    ...{ module: path.resolve("engines", name), recipe: recipes[name] },
  };
}

/** The vendor's own archive and checksum list, or undefined where the vendor publishes none for this platform. */
export function releaseOf(
  name: EngineName,
  version: string,
  platform = process.platform,
  arch = process.arch,
): Release | undefined {
  const goOs = { linux: "linux", darwin: "darwin" }[platform as string];
  const goArch = { x64: "amd64", arm64: "arm64" }[arch as string];
  if (goOs === undefined || goArch === undefined) return undefined;
  switch (name) {
    case "nomad":
    case "consul": {
      const base = `https://releases.hashicorp.com/${name}/${version}/${name}_${version}`;
      return { archive: `${base}_${goOs}_${goArch}.zip`, checksums: `${base}_SHA256SUMS` };
    }
    case "traefik": {
      const base = `https://github.com/traefik/traefik/releases/download/v${version}/traefik_v${version}`;
      return { archive: `${base}_${goOs}_${goArch}.tar.gz`, checksums: `${base}_checksums.txt` };
    }
    case "pulumi": {
      const base = `https://github.com/pulumi/pulumi/releases/download/v${version}/pulumi`;
      return {
        archive: `${base}-v${version}-${goOs}-${arch}.tar.gz`,
        checksums: `${base}-${version}-checksums.txt`,
      };
    }
    case "actionlint":
    case "syft": {
      const owner = name === "syft" ? "anchore" : "rhysd";
      const base = `https://github.com/${owner}/${name}/releases/download/v${version}/${name}_${version}`;
      return { archive: `${base}_${goOs}_${goArch}.tar.gz`, checksums: `${base}_checksums.txt` };
    }
  }
}

/** Everything that the project keeps between runs and checkouts, apart from the stacks' own state. */
export function cacheRoot(): string {
  const base = process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
  return path.join(base, "nomad-consul-cluster");
}

/** Names what a cached program was made from, so that a new version or recipe never meets an old result. */
function cacheKey({ name, version, module, recipe }: Source): string {
  const hash = crypto.createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(fs.readFileSync(path.join(module, file)));
  hash.update(`${recipe.main} ${recipe.ldflags} ${process.platform} ${process.arch}`);
  return `${name}-${version}-${hash.digest("hex").slice(0, 12)}`;
}

function pathOf(source: Source): string {
  return path.join(cacheRoot(), "engines", cacheKey(source), source.name);
}

export function cachedPath(name: EngineName): string {
  return pathOf(pinned(name));
}

/** The program's path in the cache, once it is there: downloaded with its checksum verified, else built. */
export async function ensureCached(source: Source, log: (line: string) => void): Promise<string> {
  const target = pathOf(source);
  if (!fs.existsSync(target)) await installEngine({ ...source, target }, log);
  return target;
}

function onPath(name: EngineName): string | undefined {
  const own = path.join(cacheRoot(), "engines", "bin");
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    // The cache's own folder of links may be on PATH; the cache answers for itself, without a version check.
    if (folder === "" || path.resolve(folder) === own) continue;
    const candidate = path.join(folder, name);
    if (fs.existsSync(candidate) && reportsVersion(candidate, name)) return candidate;
  }
  return undefined;
}

function reportsVersion(program: string, name: EngineName): boolean {
  try {
    const out = execFileSync(program, versionArgs[name], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 20_000,
      env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true", CHECKPOINT_DISABLE: "1" },
    });
    return out.split(/[\s,]+/).some((word) => word.replace(/^v/, "") === versions[name]);
  } catch {
    return false;
  }
}

const found = new Map<EngineName, string>();

function find(name: EngineName): string | undefined {
  const known = found.get(name);
  if (known !== undefined && fs.existsSync(known)) return known;
  const cached = cachedPath(name);
  const result = onPath(name) ?? (fs.existsSync(cached) ? cached : undefined);
  if (result !== undefined) found.set(name, result);
  return result;
}

/** The absolute path of the pinned program: on PATH in the pinned version, else in the cache. Throws with the remedy. */
export function enginePath(name: EngineName): string {
  const result = find(name);
  if (result !== undefined) return result;
  throw new Error(
    `${name} ${versions[name]} is neither on PATH in this version nor in ${path.join(cacheRoot(), "engines")}: ` +
      `run \`node setup.mjs --engines ${name}\`, which downloads it or builds it from its Go module`,
  );
}

/**
 * Makes each named program available to `enginePath`: takes one of the pinned version from PATH, else the cached one, else the
 * vendor's release with its checksum verified, else builds it from its Go module. Logs nothing when there is nothing to do.
 * Safe to run from several processes at once: one works, the others wait for its result.
 */
export async function ensureEngines(names: readonly EngineName[], log: (line: string) => void): Promise<void> {
  for (const name of names) {
    if (find(name) !== undefined) continue;
    await ensureCached(pinned(name), log);
    linkStable(name);
  }
}

/** `<cache>/engines/bin/<name>` always leads to the newest result, for people's PATH. */
function linkStable(name: EngineName): void {
  const bin = path.join(cacheRoot(), "engines", "bin");
  fs.mkdirSync(bin, { recursive: true });
  const temporary = path.join(bin, `.${name}.${process.pid}`);
  fs.rmSync(temporary, { force: true });
  fs.symlinkSync(cachedPath(name), temporary);
  fs.renameSync(temporary, path.join(bin, name));
}

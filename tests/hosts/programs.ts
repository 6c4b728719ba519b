import { execFileSync, spawnSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { cacheRoot } from "../../engines/find";

export interface Verdict {
  readonly code: number | null;
  readonly stdout: string;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** Runs a program to its end. Throws when there is no such program, with the remedy. */
export function judge(program: string, args: readonly string[], env: Record<string, string> = {}): Verdict {
  const result = spawnSync(program, args, { encoding: "utf8", env: { ...process.env, ...env } });
  if (result.error !== undefined) {
    throw new Error(`${program} cannot be run (${result.error.message}): apt-get install ${path.basename(program)}`);
  }
  return { code: result.status, stdout: result.stdout, output: `${result.stdout}${result.stderr}` };
}

/** A folder of its own for a test, with these files in it. */
export function folderWith(files: Record<string, string>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hosts-test-"));
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content, { mode: 0o755 });
  }
  return folder;
}

/** Debian 12's own cloud-init: the release that reads the user data on a host. */
const debianPackage = {
  url: "http://deb.debian.org/debian/pool/main/c/cloud-init/cloud-init_22.4.2-1+deb12u4_all.deb",
  sha256: "c18c9b1a999268413f215371ae6382f8705a437b2b24c049d6dbafcc111a1d09",
};

/** What cloud-init imports for `schema`, from PyPI. */
const requirements = [
  "jsonschema==4.10.3",
  "PyYAML==6.0.2",
  "Jinja2",
  "configobj",
  "requests",
  "jsonpatch",
  "oauthlib",
];

/**
 * What `cloud-init schema --config-file` says of a text. The first call fetches Debian's package and puts it beside a Python
 * environment in the cache folder (about 20 s); neither root nor a Debian machine is needed.
 */
export async function cloudInitSchema(text: string): Promise<Verdict> {
  const home = await ensureCloudInit();
  const folder = folderWith({ "user-data": text });
  const main =
    'import sys; sys.argv[0] = "cloud-init"; from cloudinit.cmd.main import main; sys.exit(main(sysv_args=sys.argv))';
  try {
    return judge(
      path.join(home, "venv/bin/python"),
      ["-c", main, "schema", "--config-file", path.join(folder, "user-data")],
      { PYTHONPATH: path.join(home, "debian/usr/lib/python3/dist-packages") },
    );
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function ensureCloudInit(): Promise<string> {
  const home = path.join(cacheRoot(), `cloud-init-${debianPackage.sha256.slice(0, 12)}`);
  if (fs.existsSync(home)) return home;
  fs.mkdirSync(path.dirname(home), { recursive: true });
  const making = fs.mkdtempSync(`${home}.`);
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: making, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  try {
    const answer = await fetch(debianPackage.url, { signal: AbortSignal.timeout(60_000) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (crypto.createHash("sha256").update(bytes).digest("hex") !== debianPackage.sha256) {
      throw new Error(`${debianPackage.url} (status ${answer.status}) is not the file that was pinned`);
    }
    fs.writeFileSync(path.join(making, "cloud-init.deb"), bytes);
    fs.mkdirSync(path.join(making, "debian"));
    run("ar", "x", "cloud-init.deb");
    run("tar", "-xf", "data.tar.xz", "-C", "debian");
    // `--copies` and no activation scripts that anyone uses: the environment survives being renamed.
    run("python3", "-m", "venv", "--copies", "venv");
    run("venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements);
    try {
      fs.renameSync(making, home);
    } catch (error) {
      if (!fs.existsSync(home)) throw error;
    }
    return home;
  } catch (error) {
    throw new Error(`cloud-init cannot be had to judge the user data: ${(error as Error).message}`);
  } finally {
    fs.rmSync(making, { recursive: true, force: true });
  }
}

import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { cacheRoot } from "../../engines/find";

export interface Verdict {
  readonly code: number | null;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** Runs a program to its end. Throws when there is no such program, with the remedy. */
export function judge(program: string, args: readonly string[], env: Record<string, string> = {}): Verdict {
  const result = spawnSync(program, args, { encoding: "utf8", env: { ...process.env, ...env } });
  if (result.error !== undefined) {
    throw new Error(`${program} cannot be run (${result.error.message}): apt-get install ${path.basename(program)}`);
  }
  return { code: result.status, output: `${result.stdout}${result.stderr}` };
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
 * What `cloud-init schema --config-file` says of a text: that of the distribution, which on Debian 12 is the one that reads user
 * data on hosts. The first call fetches its package, without installing it, and puts it beside a Python environment in the
 * cache folder (about 20 s).
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
  const home = path.join(cacheRoot(), "cloud-init-of-debian");
  if (fs.existsSync(home)) return home;
  fs.mkdirSync(path.dirname(home), { recursive: true });
  const making = fs.mkdtempSync(`${home}.`);
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: making, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  try {
    try {
      run("apt-get", "download", "--quiet", "cloud-init");
    } catch {
      // A new machine has no package lists; only root may fetch them.
      run("apt-get", "update", "--quiet");
      run("apt-get", "download", "--quiet", "cloud-init");
    }
    fs.renameSync(path.join(making, fs.readdirSync(making)[0]!), path.join(making, "cloud-init.deb"));
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
    throw new Error(
      `cloud-init cannot be had to judge the user data (on Debian, run apt-get update): ${(error as Error).message}`,
    );
  } finally {
    fs.rmSync(making, { recursive: true, force: true });
  }
}

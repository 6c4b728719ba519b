/**
 * Makes a checkout runnable: `node setup.mjs [--test] [--engines <name>...]`.
 *
 * Installs packages as the lock files say and bundles the command line and the local cloud into .build/. With --test, also what
 * the tests run: the apps' packages, Nomad, Consul, Pulumi and the linters. With --engines, the programs named after it.
 * Says nothing and takes well under a second when everything is up to date. Needs Node.js and npm only.
 */
import { spawn, spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(path.dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const forTests = args.includes("--test");
const engines = args.includes("--engines") ? args.slice(args.indexOf("--engines") + 1) : [];

const bundles = {
  // Run in this checkout, so that packages are loaded from node_modules.
  local: { entry: "local/cli.ts", packages: "external" },
  engines: { entry: "engines/cli.ts", packages: "external" },
  // Runs in a container of its own that has no node_modules. Native parts are optional, and missed without harm.
  cloud: { entry: "local/cloud/main.ts", packages: "bundle", external: ["*.node"] },
};

function log(line) {
  console.error(`setup: ${line}`);
}

/** Runs a command to its end, says every 15 s that it still runs, and throws with its output when it fails. */
async function run(what, command, commandArgs, options = {}) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  const timer = setInterval(() => log(`${what}, ${seconds()}`), 15_000);
  try {
    await new Promise((resolve, reject) => {
      const child = spawn(command, commandArgs, { stdio: ["ignore", "pipe", "pipe"], ...options });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
      child.on("error", reject);
      child.on("close", (code) =>
        code === 0
          ? resolve()
          : reject(new Error(`${what} failed (${command} ended with ${code}):\n${output.slice(-4000)}`)),
      );
    });
  } finally {
    clearInterval(timer);
  }
  log(`${what}: done in ${seconds()}`);
}

/** True when a folder's node_modules hold what its lock file names, by npm's own record of what it installed. */
function installed(folder) {
  try {
    const read = (file) => JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")).packages;
    const wanted = read("package-lock.json");
    const have = read("node_modules/.package-lock.json");
    return Object.entries(wanted).every(
      ([name, entry]) =>
        name === "" ||
        (have[name] === undefined
          ? entry.optional === true // made for another platform
          : have[name].version === entry.version && have[name].integrity === entry.integrity),
    );
  } catch {
    return false;
  }
}

async function install(folder) {
  if (installed(folder)) return;
  const what = `installing packages${folder === "." ? "" : ` of ${folder}`} (npm ci)`;
  await run(what, "npm", ["ci", "--loglevel=error"], { cwd: folder });
}

/** Bundles one program, unless it is newer than every file that it was made of. */
async function bundle(name, { entry, packages, external }) {
  const out = path.join(".build", `${name}.js`);
  const record = path.join(".build", `${name}.inputs.json`);
  const stamp = (files) => Object.fromEntries(files.map((file) => [file, fs.statSync(file).mtimeMs]));
  try {
    const before = JSON.parse(fs.readFileSync(record, "utf8"));
    const now = stamp(Object.keys(before));
    if (fs.existsSync(out) && Object.keys(before).every((file) => before[file] === now[file])) return;
  } catch {
    // No record, or a file of it is gone: bundle again.
  }
  const { build } = createRequire(import.meta.url)("esbuild");
  const options = {
    platform: "node",
    format: "cjs",
    target: "node20",
    packages,
    external,
    sourcemap: true,
    logLevel: "silent",
  };
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    ...options,
    outfile: out,
    write: false,
    metafile: true,
  });
  fs.mkdirSync(".build", { recursive: true });
  for (const file of result.outputFiles) replaceFile(file.path, file.contents);
  // Among the inputs: a package that changes its version changes this file.
  replaceFile(
    record,
    JSON.stringify(stamp([...Object.keys(result.metafile.inputs), "setup.mjs", "package-lock.json"])),
  );
  log(`bundled ${entry} into ${out}`);
}

/** Writes by rename, so that a process that is starting never reads half a file. */
function replaceFile(file, contents) {
  fs.writeFileSync(`${file}.${process.pid}`, contents);
  fs.renameSync(`${file}.${process.pid}`, file);
}

/** The linters of tests/checks, in a Python environment of their own; without Python the checks by them are skipped. */
async function linters() {
  const requirements = path.join("tests", "checks", "requirements.txt");
  const hash = crypto.createHash("sha256").update(fs.readFileSync(requirements)).digest("hex").slice(0, 12);
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "nomad-consul-cluster");
  const target = path.join(cache, `linters-${hash}`);
  if (fs.existsSync(target)) return;
  if (spawnSync("python3", ["-c", "import ensurepip, venv"]).status !== 0) {
    if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
      log(
        "no python3 with venv: the checks by shellcheck and hadolint are skipped (install python3-venv to have them)",
      );
      return;
    }
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await run("reading Debian's package lists", "apt-get", ["update", "-qq"], { env });
    await run("installing python3-venv", "apt-get", ["install", "-y", "-qq", "python3-venv"], { env });
  }
  const work = `${target}.${process.pid}`;
  try {
    await run("creating the linters' environment", "python3", ["-m", "venv", work]);
    const pip = [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--require-hashes",
      "-r",
      requirements,
    ];
    await run("installing shellcheck and hadolint", path.join(work, "bin", "python3"), pip);
    fs.renameSync(work, target);
  } catch (error) {
    // Another process may have been first, which serves as well.
    if (!fs.existsSync(target)) log(`the checks by shellcheck and hadolint are skipped: ${error.message}`);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node.js 20.19 or newer is needed, and this is ${process.versions.node}: see https://nodejs.org/`);
  }
}

async function main() {
  requireNode();
  await install(".");
  for (const [name, options] of Object.entries(bundles)) await bundle(name, options);
  if (forTests) {
    for (const app of fs.readdirSync("apps").sort()) {
      if (fs.existsSync(path.join("apps", app, "package.json"))) await install(path.join("apps", app));
    }
    engines.push("nomad", "consul", "pulumi", "actionlint");
    await linters();
  }
  if (engines.length > 0) {
    const { status } = spawnSync(process.execPath, [".build/engines.js", ...engines], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) process.exitCode = 1;
  }
}

main().catch((error) => {
  log(error.message);
  process.exitCode = 1;
});

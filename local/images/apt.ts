import { spawnSync } from "node:child_process";
import { run } from "./docker";

/**
 * Installs packages of the distribution, as root on Debian and its kin; elsewhere throws, saying what to install.
 * `why` is the first part of that message: what cannot be done without them.
 */
export async function installPackages(
  packages: readonly string[],
  why: string,
  log: (line: string) => void,
): Promise<void> {
  const names = packages.join(" and ");
  const isDebian = spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status === 0;
  if (!isDebian || process.getuid?.() !== 0) throw new Error(`${why}: install ${names}`);
  log(`installing ${names} by apt-get`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-qq"], { env });
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
}

/** Whether a program is there, by asking it for its version. */
export const isInstalled = (program: string): boolean =>
  spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

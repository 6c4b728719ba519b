import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";

import { cacheRoot } from "./find";
import { run } from "./install";

type Log = (line: string) => void;

const dockerSocket = "/var/run/docker.sock";
const dockerAnswersWithinMs = 30_000;

/** Whether a Docker engine answers: the one that DOCKER_HOST names, else the local socket. */
export function dockerAnswers(): Promise<boolean> {
  const host = process.env["DOCKER_HOST"];
  const url = host === undefined ? undefined : new URL(host);
  const address =
    url === undefined || url.protocol === "unix:"
      ? { path: url?.pathname ?? dockerSocket }
      : { host: url.hostname, port: Number(url.port || 2375) };
  return new Promise((resolve) => {
    const socket = net.connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false)).setTimeout(2_000, () => socket.destroy());
    socket.on("close", () => resolve(false));
  });
}

/** Debian's packages can be installed without asking anybody: apt is there, and this is root. */
function mayInstall(): boolean {
  return process.getuid?.() === 0 && fs.existsSync("/usr/bin/apt-get");
}

function hasCommand(command: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => fs.existsSync(path.join(folder, command)));
}

/**
 * Installs the Debian packages whose command is missing; quick when none is. Throws with what to install where this process may
 * not.
 */
export async function ensureCommands(packages: Readonly<Record<string, string>>, log: Log): Promise<void> {
  const missing = Object.entries(packages).filter(([command]) => !hasCommand(command));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(([, name]) => name))];
  const commands = missing.map(([command]) => command).join(", ");
  if (!mayInstall())
    throw new Error(`${commands} not found: install ${names.join(" ")} (as root: apt-get install ${names.join(" ")})`);
  log(`installing ${names.join(" ")} with apt-get`);
  const options = { cwd: "/", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" } };
  await run("apt-get", ["update", "-qq"], options);
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], options);
}

/**
 * Makes sure that a Docker engine answers. Where none does, and this is root on Debian, installs Debian's Docker and starts it;
 * `stopDocker` ends an engine that was started here.
 */
export async function ensureDocker(log: Log): Promise<void> {
  if (await dockerAnswers()) return;
  if (process.env["DOCKER_HOST"])
    throw new Error(`no Docker engine answers at DOCKER_HOST=${process.env["DOCKER_HOST"]}`);
  if (!mayInstall()) {
    throw new Error(
      `no Docker engine answers at ${dockerSocket}: start Docker, or become a member of the group docker ` +
        "(see https://docs.docker.com/engine/install/)",
    );
  }
  await ensureCommands({ dockerd: "docker.io", docker: "docker.io", iptables: "iptables" }, log);
  if (await dockerAnswers()) return;
  if (fs.existsSync("/run/systemd/system")) {
    spawnSync("systemctl", ["start", "docker"]);
  } else {
    startDaemon(log);
  }
  const deadline = Date.now() + dockerAnswersWithinMs;
  while (!(await dockerAnswers())) {
    if (Date.now() > deadline) throw new Error(`the Docker engine did not start within 30 s: see ${daemonFile("log")}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function daemonFile(kind: "pid" | "log"): string {
  return path.join(cacheRoot(), `dockerd.${kind}`);
}

/** Without an init system, as in a container, nobody else starts it. It outlives this process. */
function startDaemon(log: Log): void {
  log(`starting the Docker engine; its log is ${daemonFile("log")}`);
  fs.mkdirSync(cacheRoot(), { recursive: true });
  const out = fs.openSync(daemonFile("log"), "a");
  const sbin = `${process.env["PATH"]}:/usr/sbin:/sbin`;
  const daemon = spawn("dockerd", [], {
    detached: true,
    stdio: ["ignore", out, out],
    env: { ...process.env, PATH: sbin },
  });
  daemon.on("error", (error) => log(`the Docker engine could not be started: ${error.message}`));
  daemon.unref();
  if (daemon.pid !== undefined) fs.writeFileSync(daemonFile("pid"), String(daemon.pid));
}

/** Ends the engine that `ensureDocker` started as a process of its own, and no other. */
export function stopDocker(): void {
  const file = daemonFile("pid");
  if (!fs.existsSync(file)) return;
  const pid = Number(fs.readFileSync(file, "utf8"));
  fs.rmSync(file);
  const command = `/proc/${pid}/comm`;
  // The number may have been given to another process since.
  if (fs.existsSync(command) && fs.readFileSync(command, "utf8").trim() === "dockerd") process.kill(pid, "SIGTERM");
}

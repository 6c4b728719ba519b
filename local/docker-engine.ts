import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { cacheRoot } from "../engines/find";
import { installPackages, isInstalled } from "./images/apt";
import { engine } from "./images/docker";

const START_SECONDS = 60;

const answers = async (): Promise<boolean> =>
  engine.ping().then(
    () => true,
    () => false,
  );

/**
 * Makes sure that a Docker engine answers. On Linux as root, unless DOCKER_HOST names another one, it is installed from the distribution and started when there is none,
 * and left running; elsewhere the error says what to install.
 */
export async function ensureDocker(log: (line: string) => void): Promise<void> {
  if (await answers()) return;
  if (process.platform !== "linux" || process.getuid?.() !== 0 || process.env["DOCKER_HOST"]) {
    throw new Error(
      "no Docker engine answers. Install Docker (https://docs.docker.com/engine/install/), start it, and see that `docker info` " +
        "works for this user; or set DOCKER_HOST to a running one",
    );
  }
  if (!isInstalled("dockerd") || !isInstalled("iptables")) {
    await installPackages(["docker.io", "iptables"], "no Docker engine answers", log);
  }
  await start(log);
}

/** The engine's notes of its own processes; after a crash they may name a number that something else has by now. */
const pidFiles = { dockerd: "/var/run/docker.pid", containerd: "/var/run/docker/containerd/containerd.pid" };

function forgetDeadProcesses(): void {
  for (const [program, file] of Object.entries(pidFiles)) {
    if (!existsSync(file)) continue;
    const comm = `/proc/${readFileSync(file, "utf8").trim()}/comm`;
    if (!existsSync(comm) || readFileSync(comm, "utf8").trim() !== program) rmSync(file);
  }
}

async function start(log: (line: string) => void): Promise<void> {
  mkdirSync(cacheRoot(), { recursive: true });
  const file = path.join(cacheRoot(), "dockerd.log");
  log(`starting the Docker engine (its log: ${file})`);
  forgetDeadProcesses();
  const output = openSync(file, "w");
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] });
  let ended: number | null | undefined;
  daemon.on("exit", (code) => (ended = code));
  daemon.on("error", () => (ended = null));
  daemon.unref();
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end && ended === undefined;) {
    if (await answers()) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const tail = readFileSync(file, "utf8").trimEnd().split("\n").slice(-8).join("\n");
  throw new Error(`the Docker engine does not start. Its last lines, in ${file}:\n${tail}`);
}

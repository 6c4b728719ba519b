import { spawn, spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { cacheRoot } from "../../engines/find";
import { awsEnvironment } from "../engine";
import { run } from "../images/docker";
import { runningCloud, type Session } from "./session";

const VERSION = "1.46.3";

/** AWS's own command line, of a version that knows AWS_ENDPOINT_URL, in a Python environment of its own. */
async function awscli(log: Session["log"]): Promise<string> {
  const folder = path.join(cacheRoot(), `awscli-${VERSION}`);
  const python = path.join(folder, "bin", "python3");
  if (!existsSync(folder)) {
    if (spawnSync("python3", ["-c", "import venv, ensurepip"]).status !== 0) {
      throw new Error("awscli needs python3 with venv: install python3-venv");
    }
    log(`installing awscli ${VERSION} into ${folder} (once, half a minute)`);
    const work = `${folder}.${process.pid}`;
    try {
      await run("python3", ["-m", "venv", work]);
      await run(path.join(work, "bin", "python3"), ["-m", "pip", "install", "--quiet", `awscli==${VERSION}`]);
      renameSync(work, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return python;
}

/** Runs awscli against the stack's cloud; gives its exit code. */
export async function aws({ stack, log }: Session, args: readonly string[]): Promise<number> {
  const { endpoint } = await runningCloud(stack);
  const python = await awscli(log);
  const env = { ...process.env, ...awsEnvironment(stack, endpoint), AWS_PAGER: "" };
  delete (env as NodeJS.ProcessEnv)["AWS_PROFILE"];
  const child = spawn(python, ["-m", "awscli", ...args], { stdio: "inherit", env });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

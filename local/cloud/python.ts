import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { cacheRoot } from "../../engines/find";
import { installPackages } from "../images/apt";

const run = promisify(execFile);

/** What the cloud is made of, and the client that people use with it. */
export const requirements = ["moto[server]==5.2.5", "awscli==1.46.3"];

export interface CloudPython {
  readonly python: string;
  /** awscli, in a version that knows AWS_ENDPOINT_URL. */
  readonly aws: string;
}

/** Several suites come here at once on a new machine: who has waited finds what the first has made. */
const INSTALL = `
folder=$1 wanted=$(printf '%s\\n' "\${@:2}")
if [[ -f $folder/requirements.txt && $(<"$folder/requirements.txt") == "$wanted" ]]; then exit; fi
python3 -m venv --clear "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "\${@:2}"
printf '%s\n' "$wanted" >"$folder/requirements.txt"`;

/** A Python environment of the pinned versions in the cache folder, made at the first call (half a minute). */
export async function cloudPython(log: (line: string) => void): Promise<CloudPython> {
  const folder = path.join(cacheRoot(), "cloud-python");
  const stamp = path.join(folder, "requirements.txt");
  const wanted = `${requirements.join("\n")}\n`;
  const found = { python: path.join(folder, "bin/python"), aws: path.join(folder, "bin/aws") };
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted) return found;
  const hasVenv = await run("python3", ["-c", "import ensurepip, venv"]).then(
    () => true,
    () => false,
  );
  if (!hasVenv) await installPackages(["python3-venv"], "moto and awscli need Python 3 with venv", log);
  log(`installing ${requirements.join(" and ")} into ${folder}`);
  try {
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    await run("flock", [
      `${folder}.lock`,
      "bash",
      "-Eeuo",
      "pipefail",
      "-c",
      INSTALL,
      "install",
      folder,
      ...requirements,
    ]);
  } catch (error) {
    const remedy = "needs Python 3.10 or newer and a Python package index";
    throw new Error(
      `${requirements.join(" and ")} could not be installed: ${(error as Error).message}\nThis ${remedy}`,
    );
  }
  return found;
}

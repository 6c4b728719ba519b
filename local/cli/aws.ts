import { spawn } from "node:child_process";
import { cloudPython } from "../cloud/python";
import { awsEnvironment } from "../engine";
import { runningCloud, type Session } from "./session";

/** Runs awscli against the stack's cloud; gives its exit code. */
export async function aws({ stack, log }: Session, args: readonly string[]): Promise<number> {
  const { endpoint } = await runningCloud(stack);
  const { aws: awscli } = await cloudPython(log);
  const env = { ...process.env, ...awsEnvironment(stack, endpoint), AWS_PAGER: "" };
  delete (env as NodeJS.ProcessEnv)["AWS_PROFILE"];
  const child = spawn(awscli, [...args], { stdio: "inherit", env });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

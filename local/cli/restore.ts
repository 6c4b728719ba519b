import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { S3 } from "@aws-sdk/client-s3";
import { operator } from "../cloud/sessions";
import { regionOf } from "../engine";
import { sleep } from "../providers/wait";
import { runningCloud, savedOutputs, type Session } from "./session";

/** What brings a snapshot back, and what tells that the program takes orders from the stack's operator. Consul first: Nomad's tasks log in there. */
const PROGRAMS = [
  { name: "consul", answers: ["consul", "acl", "token", "read", "-self"], load: ["consul", "snapshot", "restore"] },
  { name: "nomad", answers: ["nomad", "acl", "token", "self"], load: ["nomad", "operator", "snapshot", "restore"] },
] as const;

/** Time for servers that have just been made to become a cluster. */
const READY_SECONDS = 300;

/** Gives servers that have lost their state the newest of the stack's bucket, by the commands that docs/backups.md has for AWS. */
export async function restore({ stack, log }: Session): Promise<void> {
  const { endpoint } = await runningCloud(stack);
  const bucket = savedOutputs(stack)["backupBucket"];
  if (typeof bucket !== "string") throw new Error(`the stack ${stack} has no output backupBucket: run \`up\` first`);
  const s3 = new S3({ endpoint, region: regionOf(stack), credentials: operator, forcePathStyle: true });
  const folder = mkdtempSync(path.join(tmpdir(), "cluster-restore-"));
  try {
    for (const { name, answers, load } of PROGRAMS) {
      const key = await newest(s3, bucket, `${name}/`);
      const file = path.join(folder, `${name}.snap`);
      const { Body } = await s3.getObject({ Bucket: bucket, Key: key });
      writeFileSync(file, await Body!.transformToByteArray(), { mode: 0o600 });
      const until = Date.now() + READY_SECONDS * 1_000;
      for (let said = await cli(stack, answers); said.code !== 0; said = await cli(stack, answers)) {
        if (Date.now() > until) throw new Error(`${name} does not take orders after ${READY_SECONDS} s: ${said.text}`);
        await sleep(1_000, new AbortController().signal);
      }
      log(`restoring ${key}`);
      const { code, text } = await cli(stack, [...load, file]);
      if (code !== 0) throw new Error(`${load.join(" ")}: ${text}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  log("restored: what has happened since is not in it; `up` brings back what the program says");
}

/** The last of the keys that begin so: they end with the time. */
async function newest(s3: S3, Bucket: string, Prefix: string): Promise<string> {
  let last: string | undefined;
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.listObjectsV2({ Bucket, Prefix, ContinuationToken });
    last = page.Contents?.at(-1)?.Key ?? last;
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  if (last === undefined) throw new Error(`the bucket ${Bucket} has no backup ${Prefix}*`);
  return last;
}

/** Runs a command as the stack's operator. */
function cli(stack: string, command: readonly string[]): Promise<{ code: number; text: string }> {
  const child = spawn(process.execPath, ["cli.mjs", "--stack", stack, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (said: string) => (text += said));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, text: text.trim() }));
  });
}

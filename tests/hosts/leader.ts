import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { folderWith } from "./programs";

/** What a leader's agent and AWS answer is in files; what they are asked is written down. */
const LEADER = `
leads() { [[ $LEADS == *"$1"* ]]; }
ask() {
  echo "$*" >>asked-of-agent
  if [[ $* == *--output* ]]; then echo "state of $1" >"\${@: -1}"; else cat "answers/\${2##*/}"; fi
}
`;
const AWS = `
credentials() { :; }
ask_aws() {
  echo "$*" >>asked
  case "$*" in
    *--upload-file*) [[ ! -e refuses ]] ;;
    *list-type*) cat answers/list ;;
    *DescribeInstances*) cp answers/instances "$work/answer" ;;
  esac
}
`;

let folder: string;

/** For each test of a file: a folder as a leader has it, with the steps of its upkeep. */
export function haveLeader(): void {
  beforeEach(() => {
    const step = (name: string) =>
      fs
        .readFileSync(path.join("hosts/steps", name), "utf8")
        .replaceAll("/var/lib/cluster", ".")
        .replaceAll("/run", "./run");
    folder = folderWith({
      "backup.sh": step("backup.sh"),
      "lost-workers.sh": step("lost-workers.sh"),
      "placement.sh": step("placement.sh"),
      "lib.sh": step("lib.sh"),
      ...{ "leader.sh": LEADER, "aws.sh": AWS },
      "bin/consul": '#!/bin/sh\ngrep -q "^state" "$3"\n',
      "bin/nomad": '#!/bin/sh\ngrep -q "^state" "$4"\n',
      ...{ "answers/list": "<ListBucketResult/>", "run/cluster/there": "" },
    });
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));
}

/** Empty when there is none. */
export const read = (file: string): string =>
  fs.existsSync(path.join(folder, file)) ? fs.readFileSync(path.join(folder, file), "utf8") : "";
export const write = (file: string, text: string): void => fs.writeFileSync(path.join(folder, file), text);

/** A step, as the leader of both; `env` may say otherwise. */
export function run(words: readonly string[], env: Record<string, string> = {}): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("bash", ["-Eeuo", "pipefail", ...words], {
    cwd: folder,
    encoding: "utf8",
    env: {
      ...{ PATH: `${folder}/bin:${process.env.PATH}`, TZ: "UTC", LEADS: "consul nomad" },
      ...{ BACKUP_BUCKET: "backups", BACKUP_MINUTES: "60", REGION: "eu-west-1", ...env },
    },
  });
  return { code: status, said: `${stdout}${stderr}`.trim() };
}

/** Files of the folder itself. */
export const files = (): string[] => fs.readdirSync(folder);

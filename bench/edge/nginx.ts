import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { answered } from "../apps";
import type { Programs, Running } from "../programs";

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

export interface NginxOptions {
  /** For its folder and its log. */
  readonly name: string;
  readonly workers: number | "auto";
  /** What stands in its section `http`. */
  readonly http: string;
  /** It is ready when this is answered. */
  readonly url: string;
}

/** Debian's nginx with a configuration, a folder and a log of its own. */
export function runNginx(programs: Programs, { name, workers, http, url }: NginxOptions): Promise<Running> {
  const folder = path.resolve(".build/bench", name);
  const file = path.join(folder, "nginx.conf");
  // Its workers would be somebody who may not read this folder.
  const config = `user ${userInfo().username};
daemon off;
worker_processes ${workers};
pid ${folder}/pid;
error_log stderr warn;
events {
  worker_connections 8192;
}
http {
${TEMPORARY.map((each) => `  ${each}_temp_path ${folder}/${each};`).join("\n")}
${http}
}
`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, config);
  const args = ["-e", "stderr", "-p", folder, "-c", file];
  return programs.start(name, "nginx", args, { ready: () => answered(url) });
}

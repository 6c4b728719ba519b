import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePort, type Programs, type Running } from "../programs";
import { runNginx } from "./nginx";

/** Servers that cost next to nothing, on ports of their own. */
export interface Upstream extends Running {
  readonly ports: readonly number[];
}

/**
 * nginx with one worker that answers every path with the same body, of the size of the frontend's page: cheaper than any proxy in front of it,
 * so that it is the proxy that sets the pace. As the apps do, it has a request id in each answer, and closes a connection after 1,000 requests. It
 * writes no log.
 */
export async function startUpstream(programs: Programs, instances: number, body: string): Promise<Upstream> {
  const ports = await Promise.all(Array.from({ length: instances }, () => freePort()));
  const root = path.resolve(".build/bench/upstream-root");
  mkdirSync(root, { recursive: true });
  writeFileSync(path.join(root, "page.html"), body);
  const http = `  access_log off;
  types {
    text/html html;
  }
  server {
${ports.map((port) => `    listen 127.0.0.1:${port};`).join("\n")}
    keepalive_timeout 75s;
    keepalive_requests 1000;
    add_header X-Request-Id $request_id;
    root ${root};
    open_file_cache max=10;
    location / {
      try_files /page.html =404;
    }
  }`;
  const url = `http://127.0.0.1:${ports[0]}/`;
  return { ...(await runNginx(programs, { name: "upstream", workers: 1, http, url })), ports };
}

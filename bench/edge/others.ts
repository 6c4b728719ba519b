import { writeFileSync } from "node:fs";
import path from "node:path";
import { answered } from "../apps";
import { freePort, type Programs } from "../programs";
import type { Registry } from "../registry";
import { haproxyAccessLog, nginxAccessLog } from "./access-log";
import { runNginx } from "./nginx";
import type { Proxy } from "./traefik";

/*
 * Other proxies that do what the jobs ask of Traefik: one route for all paths, the less busy of two instances, eight attempts of 100 ms of which a
 * request that was sent is not sent again, answers within 6 s, idle connections for 100 ms, the visitor's address in the same headers, and an
 * access log of the same fields.
 */

const ATTEMPTS = 8;

/** nginx has neither active health checks nor SRV look-ups without its commercial edition: it is given addresses, and learns by failures. */
export async function startNginx(programs: Programs, upstreams: readonly number[]): Promise<Proxy> {
  const port = await freePort();
  const http = `${nginxAccessLog}
  upstream frontend {
    zone frontend 64k;
    random two least_conn;
${upstreams.map((each) => `    server 127.0.0.1:${each} max_fails=1 fail_timeout=3s;`).join("\n")}
    keepalive 200;
    keepalive_timeout 100ms;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    server_name frontend;
    server_tokens off;
    large_client_header_buffers 4 16k;
    client_header_timeout 15s;
    send_timeout 30s;
    keepalive_timeout 180s;
    keepalive_requests 1000000;
    location / {
      proxy_pass http://frontend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Server $hostname;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_connect_timeout 100ms;
      proxy_read_timeout 6s;
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries ${ATTEMPTS};
    }
  }`;
  const url = `http://127.0.0.1:${port}`;
  return { ...(await runNginx(programs, { name: "nginx", workers: "auto", http, url: `${url}/` })), url };
}

function haproxyConfig(port: number, registry: Registry): string {
  return `global
  maxconn 8000
  log stdout len 4096 format raw local0
resolvers consul
  nameserver agent ${registry.dns}
  accepted_payload_size 8192
  timeout resolve 1s
  timeout retry 1s
  hold valid 1s
defaults
  mode http
  log global
  timeout http-request 15s
  timeout client 30s
  timeout http-keep-alive 180s
  timeout connect 100ms
  timeout server 6s
  timeout check 2s
frontend web
  bind 127.0.0.1:${port}
${haproxyAccessLog}
  option forwardfor
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Server %[hostname]
  http-request set-header X-Real-Ip %[src]
  default_backend frontend
backend frontend
  balance random(2)
  retries ${ATTEMPTS - 1}
  retry-on conn-failure
  option redispatch 1
  option httpchk
  http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host 127.0.0.1
  http-check expect status 200-399
  default-server check inter 3s fall 1 rise 1 pool-purge-delay 100ms init-addr none
  server-template frontend 10 _frontend._tcp.service.consul resolvers consul resolve-prefer ipv4
`;
}

export async function startHaproxy(programs: Programs, registry: Registry): Promise<Proxy> {
  const port = await freePort();
  const file = path.resolve(".build/bench/haproxy.cfg");
  writeFileSync(file, haproxyConfig(port, registry));
  const url = `http://127.0.0.1:${port}`;
  return {
    ...(await programs.start("haproxy", "haproxy", ["-db", "-f", file], { ready: () => answered(`${url}/`) })),
    url,
  };
}

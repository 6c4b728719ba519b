import { writeFileSync } from "node:fs";
import path from "node:path";
import { haproxyConfig } from "../../local/cloud/hypervisor/haproxy-config";
import type { ListenerState, TargetGroupState } from "../../local/cloud/hypervisor/state";
import { answered } from "../apps";
import { freePort, type Programs } from "../programs";
import type { Proxy, Traefik } from "./traefik";

/** As components/edge-proxy.ts asks for it. */
const group: TargetGroupState = {
  TargetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/edge/0123",
  HealthCheckProtocol: "HTTP",
  HealthCheckPath: "/ping",
  HealthCheckIntervalSeconds: 5,
  HealthCheckTimeoutSeconds: 2,
  HealthyThresholdCount: 2,
  UnhealthyThresholdCount: 2,
  Matcher: { HttpCode: "200" },
  targets: [],
  deregistrationDelaySeconds: 30,
  leastOutstanding: true,
};

/** What the local cloud puts in the place of an application load balancer, with the configuration that it gives it, in front of one Traefik. */
export async function startBalancer(programs: Programs, traefik: Traefik): Promise<Proxy> {
  const [port, stats] = [await freePort(), await freePort()];
  const [web, admin] = [new URL(traefik.url), new URL(traefik.adminUrl)];
  const listener: ListenerState = {
    Port: port,
    Protocol: "HTTP",
    DefaultActions: [{ Type: "forward", TargetGroupArn: group.TargetGroupArn }],
    attributes: { "routing.http.response.server.enabled": "false" },
  };
  const config = haproxyConfig({
    type: "application",
    attributes: {
      "routing.http.desync_mitigation_mode": "strictest",
      "routing.http.drop_invalid_header_fields.enabled": "true",
    },
    listeners: [listener],
    targetGroups: [{ ...group, HealthCheckPort: admin.port, targets: [{ id: "worker", port: Number(web.port) }] }],
    addressOf: () => web.hostname,
  });
  const file = path.resolve(".build/bench/balancer.cfg");
  writeFileSync(file, onLoopback(config, stats));
  const url = `http://127.0.0.1:${port}`;
  const running = await programs.start("balancer", "haproxy", ["-db", "-f", file], {
    ready: () => answered(`${url}/`),
  });
  return { ...running, url };
}

/** In a container of its own it listens on all addresses. */
const onLoopback = (config: string, stats: number): string =>
  config
    .replace(/stats socket ipv4@0\.0\.0\.0:\d+/, `stats socket ipv4@127.0.0.1:${stats}`)
    .replace(/^ {2}bind :/gm, "  bind 127.0.0.1:");

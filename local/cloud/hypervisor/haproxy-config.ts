import type { Action } from "@aws-sdk/client-elastic-load-balancing-v2";
import { createHash } from "node:crypto";
import { httpBuffers, httpRules } from "./haproxy-http";
import type { Attributes, ListenerState, ListenerTls, TargetGroupState } from "./state";

/** The port of the runtime API inside a load balancer's container; its packet filter lets only the cloud reach it. */
export const STATS_PORT = 9999;
export const STATE_FILE = "/var/lib/haproxy/state";

export interface Balancer {
  readonly type: "application" | "network";
  readonly attributes: Attributes;
  readonly listeners: readonly ListenerState[];
  readonly targetGroups: readonly TargetGroupState[];
  /** Address in the VPC of a target, by instance id; undefined for one without a host. */
  readonly addressOf: (targetId: string) => string | undefined;
}

/** HAProxy's configuration for a load balancer of ELBv2. */
export function haproxyConfig(balancer: Balancer): string {
  const mode = balancer.type === "application" ? "http" : "tcp";
  const idle = mode === "http" ? (balancer.attributes["idle_timeout.timeout_seconds"] ?? "60") : "350";
  const groups = balancer.targetGroups.map((group) => backend(group, mode, balancer.addressOf)).join("\n");
  return `global
${mode === "http" ? `${httpBuffers.join("\n")}\n` : ""}  stats socket ipv4@0.0.0.0:${STATS_PORT} level admin
  server-state-file ${STATE_FILE}
  hard-stop-after ${Math.max(1, ...balancer.targetGroups.map((group) => group.deregistrationDelaySeconds))}s
  maxconn 8000
defaults
  mode ${mode}
  load-server-state-from-file global
  timeout connect 10s
  retries 0
  timeout client ${idle}s
  timeout server ${idle}s
  timeout http-keep-alive ${idle}s
  timeout http-request ${idle}s
  timeout check 10s
${balancer.listeners.map((listener) => frontend(listener, mode, balancer)).join("\n")}
${groups}`;
}

/** The name of a target group's backend: the part of its ARN that is unique. */
export function backendName(targetGroupArn: string): string {
  return targetGroupArn.split("targetgroup/")[1]!.replace("/", "-");
}

/** The name of the backend that looks after a target group's health. */
export function checksName(targetGroupArn: string): string {
  return `${backendName(targetGroupArn)}-checks`;
}

export function serverName(target: { readonly id: string; readonly port: number }): string {
  return `${target.id}-${target.port}`;
}

function frontend(listener: ListenerState, mode: string, { attributes, targetGroups }: Balancer): string {
  if (listener.Protocol === "TLS") throw new Error(`listener ${listener.Port}: protocol TLS is not modelled: use TCP`);
  const lines = [`frontend port-${listener.Port}`, `  bind :${listener.Port}${secure(listener, attributes)}`];
  if (mode === "http")
    lines.push(
      ...httpRules(listener.Port!, listener.Protocol === "HTTPS" ? "https" : "http", attributes, listener.attributes),
    );
  for (const action of listener.DefaultActions ?? []) lines.push(...renderAction(action, targetGroups));
  return lines.join("\n");
}

/** Where a listener's certificate and key are; another file for another certificate, so that a change is seen. */
export function certificateFile({ pem }: ListenerTls): string {
  return `/run/certificate-${createHash("sha256").update(pem).digest("hex").slice(0, 16)}.pem`;
}

function secure({ Port, Protocol, tls }: ListenerState, attributes: Attributes): string {
  if (Protocol !== "HTTPS") return "";
  if (tls === undefined) throw new Error(`listener ${Port}: its certificate has no key here: import one into ACM`);
  const [newer, older] = [true, false].map((wanted) =>
    tls.ciphers.filter((name) => name.startsWith("TLS_") === wanted).join(":"),
  );
  const protocols = [...tls.protocols].sort();
  return [
    ` ssl crt ${certificateFile(tls)} ssl-min-ver ${protocols[0]} ssl-max-ver ${protocols.at(-1)}`,
    newer && `ciphersuites ${newer}`,
    older && `ciphers ${older}`,
    attributes["routing.http2.enabled"] === "false" ? "alpn http/1.1" : "alpn h2,http/1.1",
  ]
    .filter(Boolean)
    .join(" ");
}

function renderAction(action: Action, groups: readonly TargetGroupState[]): string[] {
  if (action.Type === "forward") {
    const arn = action.TargetGroupArn ?? action.ForwardConfig?.TargetGroups?.[0]?.TargetGroupArn;
    if (!groups.some((group) => group.TargetGroupArn === arn)) return [];
    const name = backendName(arn!);
    // With no healthy target ELB fails open: requests go to all of them. A process that hands over to the next counts no servers any more.
    return [`  use_backend ${name}-open if { nbsrv(${name}) eq 0 } !{ stopping }`, `  default_backend ${name}`];
  }
  if (action.Type === "redirect") {
    const { Protocol, Port, StatusCode } = action.RedirectConfig!;
    const port = Port === "#{port}" || Port === "443" ? "" : `:${Port}`;
    const host = "%[req.hdr(host),field(1,:)]";
    const code = StatusCode === "HTTP_302" ? 302 : 301;
    return [
      `  http-request redirect code ${code} location ${Protocol?.toLowerCase()}://${host}${port}%[capture.req.uri]`,
    ];
  }
  if (action.Type === "fixed-response") {
    return [`  http-request return status ${action.FixedResponseConfig!.StatusCode}`];
  }
  throw new Error(`listener action ${action.Type} is not modelled: use forward, redirect or fixed-response`);
}

function backend(group: TargetGroupState, mode: string, addressOf: Balancer["addressOf"]): string {
  const name = backendName(group.TargetGroupArn!);
  const checkPort = group.HealthCheckPort === "traffic-port" ? undefined : group.HealthCheckPort;
  const servers = group.targets.flatMap((target) => {
    const address = addressOf(target.id);
    return address === undefined ? [] : [{ name: serverName(target), address, port: target.port }];
  });
  // As ELB does, a health check over HTTPS believes whatever certificate it is shown.
  const secure = group.HealthCheckProtocol === "HTTPS" ? " check-ssl verify none" : "";
  const check = [
    `check${secure} port ${checkPort ?? "%port"} inter ${group.HealthCheckIntervalSeconds}s`,
    `rise ${group.HealthyThresholdCount} fall ${group.UnhealthyThresholdCount}`,
    // A target that is new is looked at every second until it is healthy, so that waiting is not the interval's.
    "fastinter 1s downinter 1s",
  ].join(" ");
  const balance = group.leastOutstanding ? "leastconn" : "roundrobin";
  const checks = checksName(group.TargetGroupArn!);
  return [
    // Apart, as a check has less time to connect than a request has.
    `backend ${checks}`,
    `  timeout connect ${group.HealthCheckTimeoutSeconds}s`,
    `  timeout check ${group.HealthCheckTimeoutSeconds}s`,
    ...httpCheck(group),
    ...servers.map(
      ({ name, address, port }) => `  server ${name} ${address}:${port} ${check.replace("%port", `${port}`)}`,
    ),
    `backend ${name}`,
    `  balance ${balance}`,
    ...servers.map(({ name, address, port }) => `  server ${name} ${address}:${port} track ${checks}/${name}`),
    `backend ${name}-open`,
    `  balance ${balance}`,
    ...servers.map(({ name, address, port }) => `  server ${name} ${address}:${port}`),
    "",
  ].join("\n");
}

function httpCheck(group: TargetGroupState): string[] {
  if (group.HealthCheckProtocol === "TCP") return ["  option tcp-check"];
  const codes = group.Matcher?.HttpCode ?? "200-399";
  return [
    "  option httpchk",
    `  http-check send meth GET uri ${group.HealthCheckPath ?? "/"} ver HTTP/1.1 hdr Host elb-health hdr User-Agent ELB-HealthChecker/2.0`,
    `  http-check expect status ${codes}`,
  ];
}

import { haproxyConfig } from "./haproxy-config";
import { withNewServers } from "./load-balancers";
import type { TargetGroupState } from "./state";

const group: TargetGroupState = {
  TargetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/edge/0123",
  HealthCheckProtocol: "HTTP",
  HealthCheckPath: "/ping",
  HealthCheckPort: "8081",
  HealthCheckIntervalSeconds: 5,
  HealthCheckTimeoutSeconds: 2,
  HealthyThresholdCount: 2,
  UnhealthyThresholdCount: 3,
  Matcher: { HttpCode: "200" },
  targets: [
    { id: "i-1", port: 8080 },
    { id: "i-gone", port: 8080 },
  ],
  deregistrationDelaySeconds: 30,
};
const forward = { Port: 80, Protocol: "HTTP" as const, DefaultActions: [{ Type: "forward" as const, ...group }] };
const addressOf = (id: string) => (id === "i-1" ? "10.42.1.4" : undefined);

describe("haproxyConfig", () => {
  it("forwards a listener to the targets that have a host, checked as the target group says", () => {
    const config = haproxyConfig({ type: "application", listeners: [forward], targetGroups: [group], addressOf });
    expect(config.split("\n").slice(14)).toEqual([
      "frontend port-80",
      "  bind :80",
      "  option forwardfor",
      "  http-request set-header X-Forwarded-Proto http",
      "  http-request set-header X-Forwarded-Port 80",
      "  use_backend edge-0123-open if { nbsrv(edge-0123) eq 0 }",
      "  default_backend edge-0123",
      "backend edge-0123",
      "  balance roundrobin",
      "  timeout check 2s",
      "  option httpchk",
      "  http-check send meth GET uri /ping ver HTTP/1.1 hdr Host elb-health hdr User-Agent ELB-HealthChecker/2.0",
      "  http-check expect status 200",
      "  server i-1-8080 10.42.1.4:8080 check port 8081 inter 5s rise 2 fall 3 fastinter 1s downinter 1s",
      "backend edge-0123-open",
      "  balance roundrobin",
      "  server i-1-8080 10.42.1.4:8080",
      "",
    ]);
  });

  it("redirects where the listener says so", () => {
    const listener = {
      Port: 80,
      Protocol: "HTTP" as const,
      DefaultActions: [
        {
          Type: "redirect" as const,
          RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_301" as const },
        },
      ],
    };
    const config = haproxyConfig({ type: "application", listeners: [listener], targetGroups: [], addressOf });
    expect(config).toContain(
      "  http-request redirect code 301 location https://%[req.hdr(host),field(1,:)]%[capture.req.uri]\n",
    );
  });

  it("refuses a protocol that it does not model", () => {
    const listener = { ...forward, Port: 443, Protocol: "HTTPS" as const };
    expect(() =>
      haproxyConfig({ type: "application", listeners: [listener], targetGroups: [group], addressOf }),
    ).toThrow("listener 443: protocol HTTPS is not modelled: use HTTP or TCP");
  });
});

describe("withNewServers", () => {
  const config = haproxyConfig({ type: "application", listeners: [forward], targetGroups: [group], addressOf });

  it("lets a server that the proxy does not know begin as down", () => {
    const state = withNewServers("1\n", config);
    expect(state.split("\n")[0]).toBe("1");
    expect(state.split("\n").slice(2)).toEqual([
      "1 edge-0123 1 i-1-8080 10.42.1.4 0 0 1 1 0 1 0 0 14 0 0 0 - 8080 - 0 0 - - 0",
      "",
    ]);
  });

  it("keeps what is known of the others", () => {
    const known = "1\n# head\n3 edge-0123 1 i-1-8080 10.42.1.4 2 0 1 1 9 15 3 4 6 0 0 0 - 8080 - 0 0 - - 0\n";
    expect(withNewServers(known, config)).toBe(known);
  });
});

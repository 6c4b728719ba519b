import { type Balancer, certificateFile, haproxyConfig } from "./haproxy-config";
import { httpRules } from "./haproxy-http";
import { withNewServers } from "./load-balancers";
import type { Attributes, TargetGroupState } from "./state";

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
  leastOutstanding: false,
};
const forward = {
  Port: 80,
  Protocol: "HTTP" as const,
  DefaultActions: [{ Type: "forward" as const, ...group }],
  attributes: {},
};
const addressOf = (id: string) => (id === "i-1" ? "10.42.1.4" : undefined);
const application = { type: "application" as const, attributes: {}, targetGroups: [group], addressOf };

describe("haproxyConfig", () => {
  it("forwards a listener to the targets that have a host, checked as the target group says", () => {
    const lines = haproxyConfig({ ...application, listeners: [forward] }).split("\n");
    expect(lines.slice(lines.indexOf("frontend port-80"))).toEqual([
      "frontend port-80",
      "  bind :80",
      ...httpRules(80, "http", {}, {}),
      "  use_backend edge-0123-open if { nbsrv(edge-0123) eq 0 } !{ stopping }",
      "  default_backend edge-0123",
      "backend edge-0123-checks",
      "  timeout connect 2s",
      "  timeout check 2s",
      "  option httpchk",
      "  http-check send meth GET uri /ping ver HTTP/1.1 hdr Host elb-health hdr User-Agent ELB-HealthChecker/2.0",
      "  http-check expect status 200",
      "  server i-1-8080 10.42.1.4:8080 check port 8081 inter 5s rise 2 fall 3 fastinter 1s downinter 1s",
      "backend edge-0123",
      "  balance roundrobin",
      "  server i-1-8080 10.42.1.4:8080 track edge-0123-checks/i-1-8080",
      "backend edge-0123-open",
      "  balance roundrobin",
      "  server i-1-8080 10.42.1.4:8080",
      "",
    ]);
  });

  it("gives a request to the target that has fewest, where the target group says so", () => {
    const targetGroups = [{ ...group, leastOutstanding: true }];
    const text = haproxyConfig({ ...application, targetGroups, listeners: [forward] });
    expect(text.match(/^ {2}balance .*$/gm)).toEqual(["  balance leastconn", "  balance leastconn"]);
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
      attributes: {},
    };
    const config = haproxyConfig({ ...application, listeners: [listener], targetGroups: [] });
    expect(config).toContain(
      "  http-request redirect code 301 location https://%[req.hdr(host),field(1,:)]%[capture.req.uri]\n",
    );
  });

  it("speaks TLS as the listener's policy says, with a file for each certificate", () => {
    const tls = {
      pem: "pem",
      protocols: ["TLSv1.3", "TLSv1.2"],
      ciphers: ["TLS_AES_128_GCM_SHA256", "ECDHE-A", "ECDHE-B"],
    };
    const listener = { ...forward, Port: 443, Protocol: "HTTPS" as const, tls };
    const config = haproxyConfig({ ...application, listeners: [listener] });
    expect(config.split("\n").filter((line) => line.includes("bind") || line.includes("-Proto"))).toEqual([
      `  bind :443 ssl crt ${certificateFile(tls)} ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.3 ` +
        "ciphersuites TLS_AES_128_GCM_SHA256 ciphers ECDHE-A:ECDHE-B alpn h2,http/1.1",
      "  http-request set-header X-Forwarded-Proto https",
    ]);
    expect(certificateFile({ ...tls, pem: "another" })).not.toBe(certificateFile(tls));
  });

  it.each([
    ["HTTPS", "listener 443: its certificate has no key here: import one into ACM"],
    ["TLS", "listener 443: protocol TLS is not modelled: use TCP"],
  ] as const)("refuses what it cannot serve: %s", (Protocol, message) => {
    expect(() => haproxyConfig({ ...application, listeners: [{ ...forward, Port: 443, Protocol }] })).toThrow(message);
  });
});

it("hangs up on whoever is silent for as long as the load balancer says: 60 s for HTTP, 350 s for TCP unless told otherwise", () => {
  const timeouts = (balancer: Partial<Balancer>) => {
    const lines = haproxyConfig({ ...application, listeners: [], ...balancer }).match(
      /timeout (client|server|http.*) .*/g,
    );
    return new Set(lines!.map((line) => line.split(" ").pop()));
  };
  expect(timeouts({})).toEqual(new Set(["60s"]));
  expect(timeouts({ attributes: { "idle_timeout.timeout_seconds": "30" } })).toEqual(new Set(["30s"]));
  expect(timeouts({ type: "network" })).toEqual(new Set(["350s"]));
});

describe("httpRules", () => {
  const rules = (attributes: Attributes, listener: Attributes = {}) => httpRules(80, "http", attributes, listener);
  const refusals = (attributes: Attributes) =>
    rules(attributes).flatMap((line) => /return status (\d+) .* if (.*)/.exec(line)?.slice(1).join(" ") ?? []);

  it("refuse what the load balancer refuses itself, and in the mode strictest what RFC 7230 does not know", () => {
    const always = [
      "400 METH_CONNECT",
      "405 METH_TRACE",
      "414 { url_len gt 16384 }",
      "400 { req.hdrs -m reg [^\\r\\n]{16385} }",
      "463 { req.hdr_cnt(X-Forwarded-For) gt 30 }",
    ];
    expect(refusals({})).toEqual(always);
    expect(refusals({ "routing.http.desync_mitigation_mode": "defensive" })).toEqual(always);
    expect(refusals({ "routing.http.desync_mitigation_mode": "strictest" })).toEqual([
      ...always,
      "400 !{ req.ver 1.0 1.1 } !{ fc_http_major 2 }",
      "400 METH_GET { req.hdr(Content-Length) -m found }",
      "400 METH_GET { req.hdr(Transfer-Encoding) -m found }",
      "400 { req.hdrs -m reg [^\\t\\r\\n\\x20-\\x7e] }",
      "400 { req.hdrs -m reg -i (^|\\n)[^:]*(content[^a-z:-]+length|transfer[^a-z:-]+encoding)[^:]*: }",
    ]);
  });

  it("drop headers with invalid names only when told to", () => {
    const option = "  option http-restrict-req-hdr-names";
    expect(rules({})).toContain(`${option} preserve`);
    expect(rules({ "routing.http.drop_invalid_header_fields.enabled": "true" })).toContain(`${option} delete`);
  });

  it("close no connection, when targets change, before it has had an answer", () => {
    expect(rules({})).toContain("  option idle-close-on-response");
  });

  it("say who asked after what was said before, or leave that alone, or take it away", () => {
    const said = (mode?: string) =>
      rules({ "routing.http.xff_header_processing.mode": mode }).flatMap(
        (line) => / http-request (\w+-header X-Forwarded-For.*)/.exec(line)?.[1] ?? [],
      );
    expect(said()).toEqual([
      'set-header X-Forwarded-For "%[req.fhdr(X-Forwarded-For)], %[src]" if { req.fhdr(X-Forwarded-For) -m found }',
      "set-header X-Forwarded-For %[src] unless { req.fhdr(X-Forwarded-For) -m found }",
    ]);
    expect(said("append")).toEqual(said());
    expect(said("preserve")).toEqual([]);
    expect(said("remove")).toEqual(["del-header X-Forwarded-For"]);
  });

  it("begin a trace, or add the load balancer to the one that there is, unless it is too long to be looked at", () => {
    const rooted = "{ req.fhdr(X-Amzn-Trace-Id) -m reg (^|;)Root= }";
    expect(rules({}).filter((line) => /trace\b|Trace-Id/.test(line))).toEqual([
      '  http-request set-var-fmt(txn.trace) "1-%[date,bytes(4,4),hex,lower]-%[uuid,sha1,bytes(0,12),hex,lower]"',
      "  http-request del-header X-Amzn-Trace-Id if { req.fhdr(X-Amzn-Trace-Id),length gt 7168 }",
      '  http-request set-header X-Amzn-Trace-Id "Self=%[var(txn.trace)];' +
        `%[req.fhdr(X-Amzn-Trace-Id),regsub(Self=[^;]*;?,)]" if ${rooted}`,
      `  http-request set-header X-Amzn-Trace-Id "Root=%[var(txn.trace)]" unless ${rooted}`,
    ]);
  });

  it("name the load balancer in its own answers, or nobody in any", () => {
    const server = (listener: Attributes) => rules({}, listener).filter((line) => line.includes("Server"));
    expect(server({})).toEqual([
      "  http-after-response set-header Server awselb/2.0 unless { var(txn.of_target) -m bool }",
    ]);
    expect(server({ "routing.http.response.server.enabled": "false" })).toEqual([
      "  http-after-response del-header Server",
    ]);
  });
});

describe("withNewServers", () => {
  const config = haproxyConfig({ ...application, listeners: [forward] });

  it("lets a server that the proxy does not know begin as down", () => {
    const state = withNewServers("1\n", config);
    expect(state.split("\n")[0]).toBe("1");
    expect(state.split("\n").slice(2)).toEqual([
      "1 edge-0123-checks 1 i-1-8080 10.42.1.4 0 0 1 1 0 1 0 0 14 0 0 0 - 8080 - 0 0 - - 0",
      "",
    ]);
  });

  it("keeps what is known of the others", () => {
    const known = "1\n# head\n3 edge-0123-checks 1 i-1-8080 10.42.1.4 2 0 1 1 9 15 3 4 6 0 0 0 - 8080 - 0 0 - - 0\n";
    expect(withNewServers(known, config)).toBe(known);
  });
});

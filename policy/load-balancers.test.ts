import {
  dropInvalidHeaders,
  guardedNetworkLoadBalancers,
  modernTls,
  redirectToHttps,
  strictRequests,
} from "./load-balancers";
import { judge } from "./test-resources";
import { LISTENER, LOAD_BALANCER } from "./types";

const balancer = (props: object) => ({ type: LOAD_BALANCER, props });
const listener = (props: object) => ({ type: LISTENER, props });

it("drop-invalid-headers is about application load balancers, which is what one is unless told otherwise", () => {
  expect(judge(dropInvalidHeaders, balancer({ dropInvalidHeaderFields: true }))).toEqual([]);
  expect(judge(dropInvalidHeaders, balancer({ loadBalancerType: "network" }))).toEqual([]);
  for (const props of [{}, { loadBalancerType: "application" }]) {
    expect(judge(dropInvalidHeaders, balancer(props))).toEqual([
      "dropInvalidHeaderFields: expected true, got nothing; set it to true",
    ]);
  }
});

it("strict-requests wants no mode but the strictest of application load balancers", () => {
  expect(judge(strictRequests, balancer({ desyncMitigationMode: "strictest" }))).toEqual([]);
  expect(judge(strictRequests, balancer({ loadBalancerType: "network" }))).toEqual([]);
  for (const [props, shown] of [
    [{}, "nothing"],
    [{ loadBalancerType: "application", desyncMitigationMode: "defensive" }, '"defensive"'],
  ] as const) {
    expect(judge(strictRequests, balancer(props))).toEqual([
      `desyncMitigationMode: expected "strictest", got ${shown}; set it to strictest`,
    ]);
  }
});

it("guarded-network-load-balancers wants a group, or no public address", () => {
  const network = { loadBalancerType: "network", internal: false };
  expect(judge(guardedNetworkLoadBalancers, balancer({ ...network, internal: true }))).toEqual([]);
  expect(judge(guardedNetworkLoadBalancers, balancer({ ...network, securityGroups: ["sg-1"] }))).toEqual([]);
  expect(judge(guardedNetworkLoadBalancers, balancer({ loadBalancerType: "application" }))).toEqual([]);
  expect(judge(guardedNetworkLoadBalancers, balancer(network))).toEqual([
    "securityGroups: expected at least one, or internal: true, got []; give it a group, or make it internal",
  ]);
});

describe("modern-tls", () => {
  it.each([
    { protocol: "HTTP" },
    { protocol: "TCP" },
    { protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" },
    { protocol: "TLS", sslPolicy: "ELBSecurityPolicy-TLS13-1-3-2021-06" },
  ])("lets %j pass", (props) => expect(judge(modernTls, listener(props))).toEqual([]));

  it.each([
    [{ protocol: "HTTPS" }, "nothing"],
    [{ protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08" }, '"ELBSecurityPolicy-2016-08"'],
    [{ protocol: "TLS", sslPolicy: "ELBSecurityPolicy-TLS13-1-1-2021-06" }, '"ELBSecurityPolicy-TLS13-1-1-2021-06"'],
  ])("refuses %j", (props, shown) => {
    expect(judge(modernTls, listener(props))).toEqual([
      `sslPolicy: expected a policy for TLS 1.2 and newer, got ${shown}; take ELBSecurityPolicy-TLS13-1-2-2021-06`,
    ]);
  });
});

describe("redirect-to-https", () => {
  const [first, second] = ["first", "second"].map((name) => ({ type: LOAD_BALANCER, name }));
  const of = (owner: object | undefined, protocol: string, action: string) => ({
    type: LISTENER,
    name: `${(owner as { name: string }).name}-${protocol}`,
    props: { protocol, defaultActions: [{ type: action }] },
    madeFrom: { loadBalancerArn: [owner as typeof first & object] },
  });
  const says = (...listeners: ReturnType<typeof of>[]) => judge(redirectToHttps, [first!, second!, ...listeners]);

  it("lets a load balancer without HTTPS serve HTTP, and one with it redirect", () => {
    expect(says(of(first, "HTTP", "forward"), of(second, "HTTPS", "forward"))).toEqual([]);
    expect(says(of(first, "HTTP", "redirect"), of(first, "HTTPS", "forward"))).toEqual([]);
  });

  it("refuses both on one load balancer", () => {
    expect(says(of(first, "HTTP", "forward"), of(first, "HTTPS", "forward"))).toEqual([
      'defaultActions.type: expected "redirect", got "forward"; redirect to HTTPS, as this load balancer has it',
    ]);
  });
});

import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { allOfType, madeFrom, ofType, violation } from "./rule";
import { LISTENER, LOAD_BALANCER } from "./types";

interface LoadBalancerInputs {
  loadBalancerType?: string;
  dropInvalidHeaderFields?: boolean;
  desyncMitigationMode?: string;
  internal?: boolean;
  securityGroups?: readonly unknown[];
}

/** Security Hub ELB.4. */
export const dropInvalidHeaders: ResourceValidationPolicy = {
  name: "drop-invalid-headers",
  description:
    "Application load balancers drop malformed headers, which the proxy behind could read differently (request smuggling). " +
    "Security Hub ELB.4.",
  validateResource: ofType<LoadBalancerInputs>(LOAD_BALANCER, (inputs, report) => {
    if ((inputs.loadBalancerType ?? "application") !== "application" || inputs.dropInvalidHeaderFields === true) return;
    report(violation("dropInvalidHeaderFields", "true", inputs.dropInvalidHeaderFields, "set it to true"));
  }),
};

/** Security Hub ELB.12 is content with the default, "defensive", which passes on what is ambiguous. */
export const strictRequests: ResourceValidationPolicy = {
  name: "strict-requests",
  description:
    "Application load balancers refuse requests that are not RFC 7230's, which proxies read differently (request smuggling). " +
    "Stricter than Security Hub ELB.12.",
  validateResource: ofType<LoadBalancerInputs>(LOAD_BALANCER, (inputs, report) => {
    if ((inputs.loadBalancerType ?? "application") !== "application") return;
    if (inputs.desyncMitigationMode === "strictest") return;
    report(violation("desyncMitigationMode", '"strictest"', inputs.desyncMitigationMode, "set it to strictest"));
  }),
};

/** A network load balancer is internal, or its security groups say who may reach it. */
export const guardedNetworkLoadBalancers: ResourceValidationPolicy = {
  name: "guarded-network-load-balancers",
  description:
    "A network load balancer passes on whatever reaches it: it is internal, or carries security groups, which can be added at its " +
    "creation only. AWS Network Load Balancers User Guide, Security groups.",
  validateResource: ofType<LoadBalancerInputs>(LOAD_BALANCER, (inputs, report) => {
    if (inputs.loadBalancerType !== "network" || inputs.internal === true) return;
    if ((inputs.securityGroups?.length ?? 0) > 0) return;
    report(violation("securityGroups", "at least one, or internal: true", [], "give it a group, or make it internal"));
  }),
};

/** TLS 1.2 and newer with forward secrecy: Security Hub ELB.17. */
const TLS_POLICIES: readonly string[] = [
  "ELBSecurityPolicy-TLS13-1-2-2021-06",
  "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04",
  "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
  "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
  "ELBSecurityPolicy-TLS13-1-3-2021-06",
  "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
];

/** Security Hub ELB.17. */
export const modernTls: ResourceValidationPolicy = {
  name: "modern-tls",
  description:
    "Listeners with TLS use one of AWS's recommended policies, which know TLS 1.2 and newer only. Without a name the API takes one " +
    "from 2016 that speaks TLS 1.0. Security Hub ELB.17.",
  validateResource: ofType<{ protocol?: string; sslPolicy?: string }>(LISTENER, ({ protocol, sslPolicy }, report) => {
    if ((protocol !== "HTTPS" && protocol !== "TLS") || TLS_POLICIES.includes(sslPolicy ?? "")) return;
    report(violation("sslPolicy", "a policy for TLS 1.2 and newer", sslPolicy, `take ${TLS_POLICIES[0]}`));
  }),
};

interface ListenerOutputs {
  protocol?: string;
  defaultActions?: readonly { type?: string }[];
}

/** Where a load balancer has HTTPS, HTTP leads there and nowhere else: Security Hub ELB.1. */
export const redirectToHttps: StackValidationPolicy = {
  name: "redirect-to-https",
  description:
    "A load balancer with an HTTPS listener serves nothing over HTTP: its HTTP listener redirects. Without a certificate there " +
    "is HTTP only. Security Hub ELB.1.",
  validateStack: (args, report) => {
    const listeners = allOfType(args, LISTENER);
    const owner = (listener: (typeof listeners)[number]) => madeFrom(listener, "loadBalancerArn")[0]?.urn;
    const encrypted = new Set(listeners.filter(({ props }) => props.protocol === "HTTPS").map(owner));
    for (const listener of listeners) {
      const { protocol, defaultActions } = listener.props as ListenerOutputs;
      if (protocol !== "HTTP" || !encrypted.has(owner(listener))) continue;
      for (const { type } of defaultActions ?? []) {
        if (type === "redirect") continue;
        const remedy = "redirect to HTTPS, as this load balancer has it";
        report(violation("defaultActions.type", '"redirect"', type, remedy), listener.urn);
      }
    }
  },
};

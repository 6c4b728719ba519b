import type { ResourceValidationPolicy } from "@pulumi/policy";
import { ofType, violation } from "./rule";
import {
  AUTOSCALING_GROUP,
  EIP,
  EIP_ASSOCIATION,
  INSTANCE,
  LAUNCH_CONFIGURATION,
  LAUNCH_TEMPLATE,
  SUBNET,
} from "./types";

interface HostInputs {
  metadataOptions?: { httpTokens?: string; httpPutResponseHopLimit?: number };
}

const HOSTS = [INSTANCE, LAUNCH_TEMPLATE];

/** The metadata service answers only to a session token: Security Hub EC2.8 and EC2.170. */
export const metadataTokens: ResourceValidationPolicy = {
  name: "metadata-tokens",
  description:
    "Hosts demand a session token at the metadata service (IMDSv2), so that a request which somebody else makes them send " +
    "does not bring out their role's credentials. Security Hub EC2.8, EC2.170.",
  validateResource: ofType<HostInputs>(HOSTS, ({ metadataOptions }, report) => {
    const tokens = metadataOptions?.httpTokens;
    if (tokens !== "required") {
      report(violation("metadataOptions.httpTokens", '"required"', tokens, 'set it to "required"'));
    }
  }),
};

/** Containers, which are one hop further, get no answer of the metadata service. */
export const metadataHopLimit: ResourceValidationPolicy = {
  name: "metadata-hop-limit",
  description:
    "Answers of the metadata service reach the host and no container on it: a job must not act with its host's role. " +
    "AWS EC2 User Guide, Configure the instance metadata options.",
  validateResource: ofType<HostInputs>(HOSTS, ({ metadataOptions }, report) => {
    const limit = metadataOptions?.httpPutResponseHopLimit;
    if (limit !== 1) report(violation("metadataOptions.httpPutResponseHopLimit", "1", limit, "set it to 1"));
  }),
};

/** No host has a public address but one with the tag `Role=bastion`: Security Hub EC2.9, EC2.15 and EC2.25. */
export const noPublicAddress: ResourceValidationPolicy = {
  name: "no-public-address",
  description:
    "Servers and workers have no public address: what is public is a load balancer, or a host that its tag Role says is the " +
    "bastion. Security Hub EC2.9, EC2.15, EC2.25.",
  validateResource: [
    ofType<{ associatePublicIpAddress?: boolean; tags?: Record<string, string> }>(INSTANCE, (inputs, report) => {
      if (inputs.associatePublicIpAddress === true && inputs.tags?.Role !== "bastion") {
        const remedy = "leave it out, or give a host that is a bastion the tag Role=bastion";
        report(violation("associatePublicIpAddress", "false", true, remedy));
      }
    }),
    ofType<{ networkInterfaces?: readonly { associatePublicIpAddress?: string }[] }>(
      LAUNCH_TEMPLATE,
      ({ networkInterfaces }, report) => {
        for (const { associatePublicIpAddress: got } of networkInterfaces ?? []) {
          if (String(got) !== "true") continue;
          report(violation("networkInterfaces.associatePublicIpAddress", "false", got, "leave it out"));
        }
      },
    ),
    ofType<{ mapPublicIpOnLaunch?: boolean }>(SUBNET, ({ mapPublicIpOnLaunch }, report) => {
      if (mapPublicIpOnLaunch !== true) return;
      report(violation("mapPublicIpOnLaunch", "false", true, "leave it out, and ask for an address host by host"));
    }),
    ofType(EIP_ASSOCIATION, (_, report) => {
      report("expected no public address to be attached to a host, got an EipAssociation; remove it");
    }),
    // The mere names of the properties: their values, ids, are not known in a preview.
    ofType<object>(EIP, (inputs, report) => {
      for (const property of ["instance", "networkInterface"].filter((name) => name in inputs)) {
        report(`${property}: expected nothing, got a host to attach a public address to; remove it`);
      }
    }),
  ],
};

/** Groups start hosts from launch templates, the only source that these rules read: Security Hub AutoScaling.9. */
export const launchTemplates: ResourceValidationPolicy = {
  name: "launch-templates",
  description:
    "Autoscaling groups start hosts from launch templates; launch configurations are a thing of the past, and no other rule " +
    "looks into them. Security Hub AutoScaling.9.",
  validateResource: [
    ofType(LAUNCH_CONFIGURATION, (_, report) => {
      report("expected a LaunchTemplate, got a LaunchConfiguration; make it a LaunchTemplate");
    }),
    ofType<object>(AUTOSCALING_GROUP, (inputs, report) => {
      if ("launchTemplate" in inputs || "mixedInstancesPolicy" in inputs) return;
      report("launchTemplate: expected it or a mixedInstancesPolicy, got neither; name a LaunchTemplate");
    }),
  ],
};

import * as types from "../../policy/types";
import type { Mutation } from "./mutations";

const { INSTANCE, LAUNCH_TEMPLATE, INGRESS_RULE, REPOSITORY } = types;
const WORKERS = "workers-edge";

/** Changes of hosts, their disks and what reaches them. */
export const HOST_MUTATIONS: readonly Mutation[] = [
  [
    "metadata-tokens",
    "servers-1",
    "a server answers without a token",
    (stack) => (stack.props(INSTANCE, "servers-1").metadataOptions.httpTokens = "optional"),
  ],
  [
    "metadata-hop-limit",
    WORKERS,
    "containers reach the metadata service",
    (stack) => (stack.props(LAUNCH_TEMPLATE, WORKERS).metadataOptions.httpPutResponseHopLimit = 2),
  ],
  [
    "no-public-address",
    "servers-2",
    "a server gets a public address",
    (stack) => (stack.props(INSTANCE, "servers-2").associatePublicIpAddress = true),
  ],
  [
    "no-public-address",
    "bastion",
    "the bastion no longer says that it is one",
    // With its security group as it is, without the operators' rules.
    (stack) => {
      stack.props(INSTANCE, "bastion").tags.Role = "host";
      for (const rule of stack.resources.filter(({ name }) => name.startsWith("bastion-from-operator"))) {
        stack.remove(rule.type, rule.name);
      }
    },
  ],
  [
    "launch-templates",
    WORKERS,
    "a group starts hosts from nothing that is read",
    (stack) => delete stack.props(types.AUTOSCALING_GROUP, WORKERS).launchTemplate,
  ],
  [
    "encrypted-disks",
    "servers-1-data",
    "a data volume is plain",
    (stack) => (stack.props(types.VOLUME, "servers-1-data").encrypted = false),
  ],
  [
    "encrypted-disks",
    "servers-3",
    "a root disk is as the image has it",
    (stack) => delete stack.props(INSTANCE, "servers-3").rootBlockDevice,
  ],
  [
    "encrypted-disks",
    WORKERS,
    "workers' disks are as the image has them",
    (stack) => (stack.props(LAUNCH_TEMPLATE, WORKERS).blockDeviceMappings = []),
  ],
  [
    "protected-data",
    "servers-1-data",
    "a data volume may be deleted",
    (stack) => (stack.find(types.VOLUME, "servers-1-data").protect = false),
  ],
  [
    "protected-data",
    "encryption-key",
    "the key of the volumes may be deleted",
    (stack) => (stack.find(types.KEY).protect = false),
  ],
  [
    "protected-data",
    "backend-image",
    "a repository goes with its images",
    (stack) => (stack.props(REPOSITORY, "backend-image").forceDelete = true),
  ],
  ["flow-logs", "network-vpc", "nothing records the traffic", (stack) => stack.remove(types.FLOW_LOG)],
  [
    "standalone-rules",
    "firewall-servers",
    "a group has rules inside",
    (stack) => (stack.props(types.SECURITY_GROUP, "firewall-servers").egress = [{ protocol: "-1" }]),
  ],
  [
    "empty-default-group",
    "network-default",
    "the default group lets something in",
    (stack) => (stack.props(types.DEFAULT_SECURITY_GROUP).ingress = [{ protocol: "-1", self: true }]),
  ],
  [
    "adopted-default-group",
    "network-vpc",
    "nobody empties the default group",
    (stack) => stack.remove(types.DEFAULT_SECURITY_GROUP),
  ],
  [
    "named-ports",
    "firewall-servers-from-workers-tcp-8300",
    "workers reach everything of the servers",
    (stack) => (stack.props(INGRESS_RULE, "firewall-servers-from-workers-tcp-8300").ipProtocol = "-1"),
  ],
  [
    "world-open-ports",
    "edge-from-anywhere-tcp-80",
    "the internet reaches another port of the load balancer",
    (stack) => Object.assign(stack.props(INGRESS_RULE, "edge-from-anywhere-tcp-80"), { fromPort: 22, toPort: 22 }),
  ],
  [
    "cluster-ports",
    "bastion-from-operator-0-tcp-22",
    "addresses reach Consul's RPC",
    (stack) =>
      Object.assign(stack.props(INGRESS_RULE, "bastion-from-operator-0-tcp-22"), { fromPort: 8300, toPort: 8300 }),
  ],
  [
    "open-groups",
    "bastion-from-operator-0-tcp-22",
    "a rule of the bastion opens the servers",
    (stack) => {
      const rule = stack.find(INGRESS_RULE, "bastion-from-operator-0-tcp-22");
      rule.madeFrom = { securityGroupId: [`${types.SECURITY_GROUP}::firewall-servers`] };
    },
  ],
  [
    "open-groups",
    "edge-from-anywhere-tcp-443",
    "workers carry the group that the internet may reach",
    (stack) => {
      const template = stack.find(LAUNCH_TEMPLATE, WORKERS);
      template.madeFrom = { ...template.madeFrom, vpcSecurityGroupIds: [`${types.SECURITY_GROUP}::edge`] };
      stack.remove(INGRESS_RULE, "edge-from-anywhere-tcp-80");
    },
  ],
];

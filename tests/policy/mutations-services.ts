import * as types from "../../policy/types";
import type { Mutation } from "./mutations";

const { INSTANCE, LOAD_BALANCER, LISTENER, REPOSITORY, ROLE, ROLE_POLICY, NOMAD_JOB } = types;
const WORKERS = "workers-edge";

/** Changes of roles, load balancers, stores, jobs and tags. */
export const SERVICE_MUTATIONS: readonly Mutation[] = [
  [
    "named-actions",
    "bastion-policy",
    "the bastion may do everything with EC2",
    (stack) =>
      stack.changeStatement(ROLE_POLICY, "bastion-policy", "policy", {
        Action: "ec2:*",
        Resource: "arn:aws:ec2:eu-west-1:1:vpc/v",
      }),
  ],
  [
    "named-resources",
    "network-flow-logs",
    "flow logs may be written anywhere",
    (stack) => stack.changeStatement(ROLE_POLICY, "network-flow-logs", "policy", { Resource: "*" }),
  ],
  [
    "trusted-services",
    "servers-role",
    "anybody takes the servers' role",
    (stack) => stack.changeStatement(ROLE, "servers-role", "assumeRolePolicy", { Principal: "*" }),
  ],
  [
    "own-statements",
    "bastion-role",
    "the bastion gets AWS's own policy",
    (stack) =>
      (stack.props(ROLE, "bastion-role").managedPolicyArns = ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]),
  ],
  [
    "servers-parameters",
    "workers-edge-policy",
    "workers read what the servers know",
    (stack) =>
      stack.changeStatement(ROLE_POLICY, "workers-edge-policy", "policy", {
        Action: "ssm:GetParameter",
        Resource: "arn:aws:ssm:eu-west-1:123456789012:parameter/cluster-prod/servers/*",
      }),
  ],
  [
    "rotating-keys",
    "encryption-key",
    "the key stays the same for ever",
    (stack) => (stack.props(types.KEY).enableKeyRotation = false),
  ],
  [
    "closed-keys",
    "encryption-key",
    "anybody uses the key",
    (stack) => stack.changeStatement(types.KEY, "encryption-key", "policy", { Principal: "*" }),
  ],
  [
    "drop-invalid-headers",
    "edge",
    "malformed headers get through",
    (stack) => delete stack.props(LOAD_BALANCER, "edge").dropInvalidHeaderFields,
  ],
  [
    "guarded-network-load-balancers",
    "api",
    "nothing guards the APIs",
    (stack) => (stack.props(LOAD_BALANCER, "api").securityGroups = []),
  ],
  [
    "modern-tls",
    "edge-https",
    "the listener speaks TLS 1.0",
    (stack) => (stack.props(LISTENER, "edge-https").sslPolicy = "ELBSecurityPolicy-2016-08"),
  ],
  [
    "redirect-to-https",
    "edge-http",
    "the site is served over HTTP too",
    (stack) => (stack.props(LISTENER, "edge-http").defaultActions = [{ type: "forward", targetGroupArn: "arn:edge" }]),
  ],
  [
    "immutable-tags",
    "edge-image",
    "tags move",
    (stack) => (stack.props(REPOSITORY, "edge-image").imageTagMutability = "MUTABLE"),
  ],
  [
    "scan-on-push",
    "backend-image",
    "nobody looks for vulnerabilities",
    (stack) => delete stack.props(REPOSITORY, "backend-image").imageScanningConfiguration,
  ],
  [
    "expiring-images",
    "frontend-image",
    "images are kept for ever",
    (stack) => stack.remove(types.LIFECYCLE_POLICY, "frontend-image"),
  ],
  [
    "secure-parameters",
    "added",
    "a parameter is plain",
    (stack) => stack.add(types.PARAMETER, { type: "String", value: "text" }),
  ],
  [
    "expiring-logs",
    "network-flow-logs",
    "logs are kept for ever",
    (stack) => delete stack.props(types.LOG_GROUP).retentionInDays,
  ],
  [
    "whole-public-access-block",
    "added",
    "a bucket may get a public policy",
    (stack) =>
      stack.add(types.PUBLIC_ACCESS_BLOCK, {
        blockPublicAcls: true,
        blockPublicPolicy: false,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      }),
  ],
  ["private-buckets", "added", "a bucket has no block", (stack) => stack.add(types.BUCKET, {})],
  [
    "no-plain-secrets",
    "servers-1",
    "user data holds the gossip key",
    (stack) => {
      const config = JSON.stringify({ encrypt: Buffer.alloc(32, 7).toString("base64") });
      stack.props(INSTANCE, "servers-1").userDataBase64 = Buffer.from(config).toString("base64");
    },
  ],
  [
    "no-plain-secrets",
    "backend-job",
    "a job has a token among its variables",
    (stack) => (stack.props(NOMAD_JOB, "backend-job").hcl2.vars.token = "3f2b1a90-1c2d-4e5f-8a9b-0c1d2e3f4a5b"),
  ],
  [
    "docker-only",
    "backend-job",
    "a task runs beside containers",
    (stack) => stack.changeJob("backend-job", '"docker"', '"raw_exec"'),
  ],
  [
    "locked-containers",
    "frontend-job",
    "a container is privileged",
    (stack) => stack.changeJob("frontend-job", "readonly_rootfs = true", "readonly_rootfs = true\nprivileged = true"),
  ],
  [
    "no-host-paths",
    "edge-job",
    "Traefik sees the Docker socket",
    (stack) =>
      stack.changeJob(
        "edge-job",
        "image = var.image",
        'image = var.image\nvolumes = ["/var/run/docker.sock:/docker.sock"]',
      ),
  ],
  [
    "images-by-digest",
    "backend-job",
    "a job runs a tag",
    (stack) => (stack.props(NOMAD_JOB, "backend-job").hcl2.vars.image = "registry.example/backend:latest"),
  ],
  [
    "tagged",
    "network-private-a",
    "a subnet belongs to nobody",
    (stack) => delete stack.props(types.SUBNET, "network-private-a").tags.Component,
  ],
  [
    "tagged",
    "added",
    "a new kind of resource has no tags",
    (stack) => stack.add("aws:sqs/queue:Queue", { tags: undefined }),
  ],
  [
    "propagated-tags",
    WORKERS,
    "hosts do not get their group's tags",
    (stack) => (stack.props(types.AUTOSCALING_GROUP, WORKERS).tags[0].propagateAtLaunch = false),
  ],
];

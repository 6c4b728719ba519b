import { DescribeAutoScalingInstancesCommand } from "@aws-sdk/client-auto-scaling";
import type { ApiCall } from "./api-call";
import { decryptDemands } from "./access-kms";
import { s3Demands } from "./access-s3";
import type { Clients } from "./clients";
import { findGroup } from "./group-members";

/** One thing that a call's sender has to be allowed. */
export interface Demand {
  /** As policies write it, such as `ssm:GetParameter`. */
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resources: only a statement about all of them allows it. */
  readonly resource: string;
  /** Condition keys of the service, where the call gives them a value. */
  readonly context?: Readonly<Record<string, string>>;
}

interface Place {
  readonly accountId: string;
  readonly clients: Clients;
}

/** ARNs of what a call is about; none stands for `*`. */
type Resources = (call: ApiCall, arn: (resource: string) => string, clients: Clients) => string[] | Promise<string[]>;

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? (value as unknown[]) : [value]).filter((each): each is string => typeof each === "string");
const describes = (call: ApiCall): boolean => call.action.startsWith("Describe");

/** EC2's resource types by the prefix of their ids. */
const ec2Types: Readonly<Record<string, string>> = {
  ...{ i: "instance", vol: "volume", eni: "network-interface", subnet: "subnet", sg: "security-group", vpc: "vpc" },
  ...{ rtb: "route-table", igw: "internet-gateway", nat: "natgateway", eipalloc: "elastic-ip", vpce: "vpc-endpoint" },
  ...{ lt: "launch-template", fl: "vpc-flow-log", acl: "network-acl", ami: "image", snap: "snapshot" },
};

const resources: Readonly<Record<string, Resources>> = {
  /** Everything that the call names by its id. */
  ec2(call, arn) {
    if (describes(call)) return [];
    const launched = call.action === "RunInstances" ? [arn("instance/*")] : [];
    const named = [...call.query.values()].flatMap((value) => {
      const type = ec2Types[/^([a-z]+)-[0-9a-f]{8,17}$/.exec(value)?.[1] ?? ""];
      if (type === undefined) return [];
      const found = arn(`${type}/${value}`);
      // Images and snapshots are nobody's part of a region.
      return type === "image" || type === "snapshot" ? found.replace(/:\d{12}:/, "::") : found;
    });
    return [...launched, ...named];
  },

  elasticloadbalancing: (call) =>
    describes(call)
      ? []
      : [...call.query.values()].filter((value) => value.startsWith("arn:aws:elasticloadbalancing:")),

  async autoscaling(call, arn, clients) {
    if (describes(call)) return [];
    const instance = call.query.get("InstanceId");
    const names = texts(call.query.get("AutoScalingGroupName"));
    if (names.length === 0 && instance !== null) {
      const found = await clients.autoscaling.send(
        new DescribeAutoScalingInstancesCommand({ InstanceIds: [instance] }),
      );
      names.push(...texts(found.AutoScalingInstances?.[0]?.AutoScalingGroupName));
    }
    const groups = await Promise.all(names.map((name) => findGroup(clients, name)));
    return groups.map(
      (group, index) => group?.AutoScalingGroupARN ?? arn(`autoScalingGroup:*:autoScalingGroupName/${names[index]}`),
    );
  },

  ecr: ({ json }, arn) =>
    [...texts(json.repositoryName), ...texts(json.repositoryNames)].map((name) => arn(`repository/${name}`)),

  /** A name may carry a version or a label, or be an ARN; a path is a parameter's ARN too. */
  ssm: ({ json }, arn) =>
    [...texts(json.Name), ...texts(json.Names), ...texts(json.Path)].map((name) =>
      name.startsWith("arn:") ? name : arn(`parameter/${name.replace(/^\//, "").replace(/:[^/]*$/, "")}`),
    ),

  kms({ json }, arn) {
    // The key's id is the head of what moto has encrypted.
    const head = Buffer.from(texts(json.CiphertextBlob)[0] ?? "", "base64").toString("latin1", 0, 36);
    const key = texts(json.KeyId)[0] ?? head;
    if (key.startsWith("arn:")) return [key];
    return /^[0-9a-f-]{36}$/.test(key) ? [arn(`key/${key}`)] : [];
  },

  logs({ json }, arn) {
    const [group] = texts(json.logGroupName);
    return group === undefined ? [] : [arn(`log-group:${group}:log-stream:${texts(json.logStreamName)[0] ?? ""}`)];
  },

  iam(call, arn) {
    const kinds = { RoleName: "role", UserName: "user", GroupName: "group", InstanceProfileName: "instance-profile" };
    const named = Object.entries(kinds).flatMap(([parameter, kind]) => {
      const name = call.query.get(parameter);
      return name === null ? [] : [arn(`${kind}/${name}`)];
    });
    return named.length > 0 ? named : texts(call.query.get("PolicyArn"));
  },

  sts: (call) => texts(call.query.get("RoleArn")),
};

/** Condition keys by action. */
const contexts: Readonly<Record<string, (call: ApiCall) => Record<string, string>>> = {
  "cloudwatch:PutMetricData"({ json, query }): Record<string, string> {
    const namespace = texts(json.Namespace)[0] ?? query.get("Namespace");
    return namespace === null ? {} : { "cloudwatch:namespace": namespace };
  },
  "ssm:GetParametersByPath": ({ json }) => ({ "ssm:Recursive": String(json.Recursive === true) }),
  "sts:AssumeRole"({ query }) {
    const keys = { "sts:RoleSessionName": query.get("RoleSessionName"), "sts:ExternalId": query.get("ExternalId") };
    return Object.fromEntries(Object.entries(keys).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  },
};

/** Services that sign under another name than policies call them. */
const policyNames: Readonly<Record<string, string>> = { monitoring: "cloudwatch", tagging: "tag" };
const global = ["iam", "sts"];

/**
 * What the sender of a call has to be allowed. An action that the table above has no resources for is demanded for `*`; nothing is
 * returned for a call whose action cannot be told, as in services other than S3 that speak by path.
 */
export async function demandsOf(call: ApiCall, { accountId, clients }: Place): Promise<Demand[] | undefined> {
  const { service, region } = call;
  if (service === "s3") return s3Demands(call);
  if (call.action === "") return undefined;
  const action = `${policyNames[service] ?? service}:${call.action}`;
  const arn = (resource: string) =>
    `arn:aws:${service}:${global.includes(service) ? "" : region}:${accountId}:${resource}`;
  const found = (await resources[service]?.(call, arn, clients)) ?? [];
  const context = contexts[action]?.(call) ?? {};
  const own = (found.length > 0 ? found : ["*"]).map((resource) => ({ action, resource, context }));
  return service === "ssm" ? [...own, ...(await decryptDemands(call, found, clients))] : own;
}

import * as pulumi from "@pulumi/pulumi";
import { MAX_ZONES } from "./components/cidr";
import type { SecretRotation } from "./components/cluster-secrets";
import { RETENTION_DAYS } from "./components/log-groups";
import { DEBIAN_12, type MachineImage } from "./components/machine-image";
import type { NatGateways } from "./components/network";
import { Fields, Problems, setCommand } from "./config-fields";
import {
  CERTIFICATE_ARN,
  CIDR,
  DATACENTER,
  DOMAIN_NAME,
  HTTPS_ADDRESS,
  INSTANCE_TYPE,
  RELEASES_URL,
  TOPIC_ARN,
  VPC_CIDR,
} from "./config-forms";
import {
  type AppConfig,
  type BackupsConfig,
  type BastionConfig,
  DEFAULT_POOL,
  readBackend,
  readBackups,
  readBastion,
  readFrontend,
  readImage,
  readPool,
  readRelease,
  readRotation,
  readTraefik,
  type ReleaseConfig,
  type TraefikConfig,
  type WorkerPoolConfig,
  X86_TYPE,
} from "./config-sections";
import { REGION } from "./hosts/settings";

/** The configuration of one stack, complete and valid. `Pulumi.yaml` describes each key. */
export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  readonly cluster: string;
  readonly region: string;
  readonly vpcCidr: string;
  readonly zones: number;
  readonly natGateways: NatGateways;
  readonly flowLogs: boolean;
  readonly logRetentionDays: number;
  readonly ownEncryptionKey: boolean;
  readonly operatorCidrs: readonly string[];
  readonly bastion: BastionConfig;
  readonly serverCount: 1 | 3 | 5;
  readonly serverInstanceType: string;
  readonly serverVolumeGiB: number;
  readonly workerPools: readonly WorkerPoolConfig[];
  readonly workerVolumeGiB: number;
  readonly monitoring: boolean;
  /** SNS topic that hears of alarms. */
  readonly alarmTopicArn?: string;
  readonly hostImage: MachineImage;
  readonly nomad: ReleaseConfig;
  readonly consul: ReleaseConfig;
  readonly releasesUrl: string;
  readonly datacenter: string;
  readonly rotation: SecretRotation;
  readonly backups: BackupsConfig;
  readonly certificate?: { readonly arn: string; readonly hostname: string };
  readonly traefik: TraefikConfig;
  readonly backend: AppConfig & { readonly greeting: string };
  readonly frontend: AppConfig & { readonly title: string };
  readonly readyTimeoutSeconds: number;
  readonly protect: boolean;
  /** Where to reach the APIs instead of at the load balancer: the near ends of tunnels. */
  readonly addresses: { readonly nomad?: string; readonly consul?: string };
}

/** Releases that the defaults are for, with the checksums of their linux_amd64 archives. */
const NOMAD = {
  version: "1.11.3",
  sha256: "19dac5642a2ba5305e6ff8efee06a708d760ebe4d1cd7936bc3dc526f477dc12",
};
const CONSUL = {
  version: "1.22.7",
  sha256: "fe25cecd8dd3552a8e5b0941cde1d79bb6004eac384aa45679dd1398f947201d",
};

/** It becomes part of tags, paths and repository names. */
const CLUSTER_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_CLUSTER_NAME = 40;

/** Where a configuration is for. */
export interface Place {
  readonly project: string;
  readonly stack: string;
  readonly region: string | undefined;
}

/** Reads and validates the stack's configuration; throws one error that lists every problem. */
export function loadConfig(): StackConfig {
  const project = pulumi.getProject();
  const prefix = `${project}:`;
  const entries = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  const values = Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), parseValue(value)]));
  return parseConfig(values, { project, stack: pulumi.getStack(), region: new pulumi.Config("aws").get("region") });
}

/** Configuration travels as text; whatever is a number, a flag, a list or an object is JSON in it. */
function parseValue(text: string): unknown {
  if (!/^(true|false|-?\d+(\.\d+)?|[[{][\s\S]*)$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** From the values of `Pulumi.<stack>.yaml` to a configuration. Pure; throws one error that lists every problem. */
export function parseConfig(values: Readonly<Record<string, unknown>>, place: Place): StackConfig {
  const problems = new Problems();
  const fields = new Fields(problems, "", values);

  const certificateArn = fields.optionalText(
    "certificateArn",
    CERTIFICATE_ARN,
    "the ARN of a certificate in ACM",
    "arn:aws:acm:...",
  );
  const hostname = fields.optionalText("hostname", DOMAIN_NAME, "a domain name", "www.example.com");
  const config: StackConfig = {
    project: place.project,
    stack: place.stack,
    cluster: `${place.project}-${place.stack}`,
    region: place.region ?? "",
    vpcCidr: fields.text(
      "vpcCidr",
      "10.42.0.0/16",
      VPC_CIDR,
      "an IPv4 CIDR from /16 to /22 without host bits, not of loopback, link-local or multicast addresses",
    ),
    zones: fields.integer("zones", 2, 2, MAX_ZONES, "an application load balancer takes no fewer"),
    natGateways: fields.choice("natGateways", "single", ["none", "single", "per-zone"]),
    flowLogs: fields.flag("flowLogs", false),
    logRetentionDays: fields.choice("logRetentionDays", 30, RETENTION_DAYS, "CloudWatch Logs knows no other"),
    ownEncryptionKey: fields.flag("ownEncryptionKey", false),
    operatorCidrs: fields.texts("operatorCidrs", [], CIDR, "an IPv4 CIDR without host bits", "203.0.113.7/32"),
    bastion: readBastion(fields.object("bastion")),
    serverCount: fields.choice("serverCount", 3, [1, 3, 5], "a majority of them has to survive a failure"),
    serverInstanceType: fields.text("serverInstanceType", "t3.small", INSTANCE_TYPE, X86_TYPE),
    serverVolumeGiB: fields.integer("serverVolumeGiB", 10, 1, 1024),
    workerPools: fields.objects("workerPools")?.map(readPool) ?? [DEFAULT_POOL],
    workerVolumeGiB: fields.integer("workerVolumeGiB", 20, 8, 1024),
    monitoring: fields.flag("monitoring", true),
    alarmTopicArn: fields.optionalText(
      "alarmTopicArn",
      TOPIC_ARN,
      "the ARN of a standard SNS topic",
      "arn:aws:sns:...",
    ),
    hostImage: readImage(fields.object("hostImage")),
    nomad: readRelease(fields, "nomad", NOMAD),
    consul: readRelease(fields, "consul", CONSUL),
    releasesUrl: fields
      .text("releasesUrl", "https://releases.hashicorp.com", RELEASES_URL, "an http or https URL")
      .replace(/\/+$/, ""),
    datacenter: fields.text(
      "datacenter",
      "dc1",
      DATACENTER,
      "a lower-case name of at most 16 letters, digits and hyphens",
    ),
    rotation: readRotation(fields.object("rotation")),
    backups: readBackups(fields.object("backups")),
    certificate: certificateArn && hostname ? { arn: certificateArn, hostname } : undefined,
    traefik: readTraefik(fields.object("traefik")),
    backend: readBackend(fields.object("backend")),
    frontend: readFrontend(fields.object("frontend")),
    readyTimeoutSeconds: fields.integer("readyTimeoutSeconds", 600, 10, 3600),
    protect: fields.flag("protect", false),
    addresses: {
      nomad: fields.optionalText(
        "nomadAddress",
        HTTPS_ADDRESS,
        "an https URL without a path",
        "https://127.0.0.1:4646",
      ),
      consul: fields.optionalText(
        "consulAddress",
        HTTPS_ADDRESS,
        "an https URL without a path",
        "https://127.0.0.1:8501",
      ),
    },
  };

  if ((certificateArn === undefined) !== (hostname === undefined))
    problems.add(
      certificateArn ? "hostname" : "certificateArn",
      `a value, as ${certificateArn ? "certificateArn" : "hostname"} has one`,
      undefined,
      "set both for HTTPS, or neither for HTTP",
    );
  if (!CLUSTER_NAME.test(config.cluster) || config.cluster.length > MAX_CLUSTER_NAME)
    problems.add(
      "stack",
      `a name of lower-case letters, digits and single hyphens, with ${place.project}- in front of it at most ${MAX_CLUSTER_NAME} long`,
      place.stack,
      "choose another with: pulumi stack rename",
    );
  if (!REGION.test(config.region))
    problems.add("aws:region", "a region of AWS", place.region, "set it with: pulumi config set aws:region eu-west-1");
  checkAcrossKeys(config, problems);
  fields.refuseUnknown();

  if (problems.list.length > 0) {
    const count = problems.list.length === 1 ? "a problem" : `${problems.list.length} problems`;
    throw new pulumi.RunError(
      `The configuration of stack ${place.stack} has ${count}:\n  ${problems.list.join("\n  ")}`,
    );
  }
  return deepFreeze(config);
}

function checkAcrossKeys(config: StackConfig, problems: Problems): void {
  const stock = config.hostImage.owner === DEBIAN_12.owner;
  if (config.natGateways === "none" && stock)
    problems.add(
      "hostImage.owner",
      "an image with Docker, Nomad and Consul in it, as natGateways is none and hosts cannot download them",
      config.hostImage.owner,
      "build one and set hostImage, or set natGateways to single",
    );
  if (!config.workerPools.some((pool) => pool.edge))
    problems.add(
      "workerPools",
      "at least one pool with edge: true, for Traefik to run on",
      config.workerPools.map((pool) => pool.name),
      "set it with: pulumi config set --path 'workerPools[0].edge' true",
    );
  else if (!config.workerPools.some((pool) => pool.edge && pool.desired > 0))
    problems.add(
      "workerPools",
      "an edge pool that begins with a worker, for Traefik to run on",
      config.workerPools.filter((pool) => pool.edge).map(({ name, desired }) => ({ name, desired })),
      setCommand(`workerPools[${config.workerPools.findIndex((pool) => pool.edge)}].desired`, "1"),
    );
  const certificateRegion = config.certificate?.arn.split(":")[3];
  if (certificateRegion !== undefined && certificateRegion !== config.region)
    problems.add(
      "certificateArn",
      `a certificate in ${config.region}, where the load balancer is`,
      config.certificate?.arn,
      `request one there with: aws acm request-certificate --region ${config.region} --domain-name ${config.certificate?.hostname}`,
    );
  const topicRegion = config.alarmTopicArn?.split(":")[3];
  if (topicRegion !== undefined && topicRegion !== config.region)
    problems.add(
      "alarmTopicArn",
      `a topic in ${config.region}, where the alarms are`,
      config.alarmTopicArn,
      `create one there with: aws sns create-topic --region ${config.region} --name alarms`,
    );
  const names = config.workerPools.map((pool) => pool.name);
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index)
      problems.add(`workerPools[${index}].name`, "a name that no other pool has", name, "give each pool its own");
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

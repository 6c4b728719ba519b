import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";

import { consulConfig, consulUnit } from "./consul";
import { containerDnsAddress, dnsAddressUnit, resolvedConfig } from "./dns";
import { nomadConfig, nomadUnit } from "./nomad";
import { secretDocuments } from "./secrets";
import {
  checkBastionSettings,
  checkHostSettings,
  lifecycleHook,
  paths,
  type BastionSettings,
  type HostSettings,
} from "./settings";

export type { BastionSettings, HostSettings, Release } from "./settings";

/** EC2 refuses user data over this size, counted before base64. */
export const userDataLimit = 16 * 1024;

/**
 * Steps of a boot in their order. Each writes `cluster-boot: step=<name> state=start|done|failed [detail="..."] t=<time>` to the
 * console and /var/log/cluster-boot.log, `start` again with a detail while it waits. `step=boot` frames them: its `done` means
 * that the host is a member of the cluster.
 */
export function bootSteps(settings: Pick<HostSettings, "role" | "dataVolumeId">): string[] {
  const volume = settings.dataVolumeId === undefined ? [] : ["data-volume"];
  const common = ["identity", ...volume, "install", "metadata-guard", "secrets", "dns"];
  return settings.role === "server"
    ? [...common, "consul", "consul-acl", "nomad", "nomad-acl"]
    : [...common, "consul", "nomad"];
}

interface WrittenFile {
  readonly path: string;
  readonly permissions: string;
  readonly content: string;
}

const file = (name: string, content: string, permissions = "0644"): WrittenFile => ({
  path: name,
  permissions,
  content,
});

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Without comments: they are for who reads the source, and user data has to be small. */
const script = (name: string): WrittenFile =>
  file(
    `${paths.boot}/${name}`,
    fs.readFileSync(path.resolve("hosts/steps", name), "utf8").replace(/^ *#(?!!).*\n/gm, ""),
    "0755",
  );

/** A file that a shell reads as well as systemd. The values' form is checked before, so none needs more than quotes. */
const environment = (values: Record<string, string | number | undefined>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join("");

/** Runs the steps at every boot, and again after a while when one failed. */
function bootUnit(): string {
  return `[Unit]
Description=Boot steps of a cluster host
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${paths.boot}/boot.sh
Restart=on-failure
RestartSec=15
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** What a host does again every minute, so that it has the secrets of Parameter Store. Steps of the boot, and what only changes need. */
const refreshSteps = {
  server: ["secrets", "nomad-acl", "gossip-keys"],
  worker: ["secrets", "gossip-keys"],
} as const;

/** Looks for new secrets; the boot step starts its timer. */
function secretsUnit(role: HostSettings["role"]): string {
  return `[Unit]
Description=Secrets of this host's role, from Parameter Store

[Service]
Type=oneshot
WorkingDirectory=${paths.boot}
EnvironmentFile=${paths.hostEnv}
Environment=STEP=refresh-secrets
${refreshSteps[role].map((step) => `ExecStart=/bin/bash -Eeuo pipefail ${step}.sh`).join("\n")}
TimeoutStartSec=360
`;
}

/** A worker's watch over its own end. */
function leaveUnit(): string {
  return `[Unit]
Description=Leaves the cluster when the host is to end
After=cluster-boot.service

[Service]
WorkingDirectory=${paths.boot}
EnvironmentFile=${paths.hostEnv}
ExecStart=/bin/bash -Eeuo pipefail leave.sh
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
`;
}

/** Hosts take their turns, so that not all agents reload at once. */
function secretsTimer(): string {
  return `[Unit]
Description=Looks for new secrets every minute

[Timer]
OnActiveSec=60
OnUnitInactiveSec=60
RandomizedDelaySec=20
AccuracySec=1
`;
}

/** Tells CloudWatch how the host is. */
function reportUnit(): string {
  return `[Unit]
Description=Metrics of this host, to CloudWatch

[Service]
Type=oneshot
WorkingDirectory=${paths.boot}
EnvironmentFile=${paths.hostEnv}
EnvironmentFile=/etc/cluster/identity.env
Environment=STEP=report
ExecStart=/bin/bash -Eeuo pipefail report.sh
TimeoutStartSec=50
`;
}

/** Once in every minute of the clock, so that what all hosts report sums up, and each at a time of its own. */
function reportTimer(): string {
  return `[Unit]
Description=Reports metrics every minute
After=cluster-boot.service

[Timer]
OnCalendar=*:*:05
RandomizedDelaySec=30
FixedRandomDelay=true
AccuracySec=1

[Install]
WantedBy=multi-user.target
`;
}

/** JSON is YAML, and no value can break out of it. */
function cloudConfig(files: readonly WrittenFile[], units: readonly string[]): string {
  return `#cloud-config\n${JSON.stringify(
    {
      write_files: files,
      // Started, not waited for: cloud-init ends, and the units stay for the next boot.
      runcmd: [
        ["systemctl", "enable", "--quiet", ...units],
        ["systemctl", "start", "--no-block", ...units],
      ],
    },
    undefined,
    1,
  )}\n`;
}

/** What the boot steps of a server or worker read. */
export function hostEnvironment(settings: HostSettings): string {
  checkHostSettings(settings);
  return environment({
    ROLE: settings.role,
    CLUSTER: settings.cluster,
    NAME: settings.name,
    REGION: settings.region,
    SERVERS: settings.servers,
    ...(settings.group === undefined ? {} : { GROUP: settings.group, LIFECYCLE_HOOK: lifecycleHook }),
    SECRETS_PATH: settings.secretsPath,
    SECRETS: secretDocuments[settings.role === "server" ? "servers" : "workers"].join(" "),
    STEPS: bootSteps(settings).join(" "),
    DATA_VOLUME_ID: settings.dataVolumeId,
    DNS_ADDRESS: containerDnsAddress,
    CONSUL_VERSION: settings.consul.version,
    CONSUL_SHA256: settings.consul.sha256,
    NOMAD_VERSION: settings.nomad.version,
    NOMAD_SHA256: settings.nomad.sha256,
    RELEASES_URL: settings.releasesUrl,
  });
}

/** The `#cloud-config` that turns a Debian 12 instance into a server or worker. Throws when a setting has not its form. */
export function renderUserData(settings: HostSettings): string {
  const steps = [...new Set([...bootSteps(settings), ...refreshSteps[settings.role]])];
  const worker = settings.role === "worker";
  const reports = settings.monitoring ? ["report.sh", "report.py", `report-${settings.role}.py`] : [];
  const files = [
    file(paths.hostEnv, hostEnvironment(settings)),
    ...["lib.sh", "aws.sh", "nomad-api.sh", "tokens.sh", "boot.sh"].map(script),
    ...[...steps, ...(worker ? ["leave"] : [])].map((step) => script(`${step}.sh`)),
    ...reports.map(script),
    file(`${paths.consulConfig}/agent.json`, json(consulConfig(settings))),
    file(`${paths.nomadConfig}/agent.json`, json(nomadConfig(settings))),
    file("/etc/systemd/resolved.conf.d/consul.conf", resolvedConfig()),
    file("/etc/systemd/system/cluster-dns-address.service", dnsAddressUnit()),
    file("/etc/systemd/system/consul.service", consulUnit(settings)),
    file("/etc/systemd/system/nomad.service", nomadUnit(settings)),
    file("/etc/systemd/system/cluster-secrets.service", secretsUnit(settings.role)),
    file("/etc/systemd/system/cluster-secrets.timer", secretsTimer()),
    file("/etc/systemd/system/cluster-boot.service", bootUnit()),
    ...(worker ? [file("/etc/systemd/system/cluster-leave.service", leaveUnit())] : []),
    ...(settings.monitoring
      ? [
          file("/etc/systemd/system/cluster-report.service", reportUnit()),
          file("/etc/systemd/system/cluster-report.timer", reportTimer()),
        ]
      : []),
  ];
  return cloudConfig(files, [
    "cluster-boot.service",
    ...(worker ? ["cluster-leave.service"] : []),
    ...(settings.monitoring ? ["cluster-report.timer"] : []),
  ]);
}

/** The `#cloud-config` of the bastion host: Session Manager's agent, nothing of the cluster. */
export function renderBastionUserData(settings: BastionSettings): string {
  checkBastionSettings(settings);
  const steps = ["ssm-agent"];
  const files = [
    file(
      paths.hostEnv,
      // The host stays useful (SSH, if a key was given) when the agent can't be had.
      environment({
        ROLE: "bastion",
        CLUSTER: settings.cluster,
        REGION: settings.region,
        STEPS: steps.join(" "),
        OPTIONAL_STEPS: steps.join(" "),
      }),
    ),
    ...["lib.sh", "boot.sh", ...steps.map((step) => `${step}.sh`)].map(script),
    file("/etc/systemd/system/cluster-boot.service", bootUnit()),
  ];
  return cloudConfig(files, ["cluster-boot.service"]);
}

/** User data as EC2 takes it: gzip (the same bytes for the same text) in base64. Throws when EC2 would refuse its size. */
export function encodeUserData(text: string): string {
  const zipped = gzipSync(text, { level: 9 });
  // Byte 9 names the operating system that zipped it, which must not change what an instance is made from.
  zipped[9] = 255;
  if (zipped.length > userDataLimit) {
    throw new Error(
      `user data: expected at most ${userDataLimit} bytes gzip, got ${zipped.length} (${text.length} before): ` +
        "move something from hosts/ into the machine image",
    );
  }
  return zipped.toString("base64");
}

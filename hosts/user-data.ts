import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";

import { consulConfig, consulUnit } from "./consul";
import { containerDnsAddress, dnsAddressUnit, resolvedConfig } from "./dns";
import { journalConfig } from "./logs";
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
import { bootUnit, standingWork } from "./units";

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

/** Without comments and empty lines: they are for who reads the source, and user data has to be small. */
const script = (name: string): WrittenFile =>
  file(
    `${paths.boot}/${name}`,
    fs.readFileSync(path.resolve("hosts/steps", name), "utf8").replace(/^( *#(?!!).*)?\n/gm, ""),
    "0755",
  );

const units = (texts: Readonly<Record<string, string>>): WrittenFile[] =>
  Object.entries(texts).map(([name, text]) => file(`${paths.units}/${name}`, text));

/** A file that a shell reads as well as systemd. The values' form is checked before, so none needs more than quotes. */
const environment = (values: Record<string, string | number | undefined>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join("");

/** JSON is YAML, and no value can break out of it. */
function cloudConfig(
  files: readonly WrittenFile[],
  units: readonly string[],
  before: readonly string[][] = [],
): string {
  return `#cloud-config\n${JSON.stringify({
    write_files: files,
    // Started, not waited for: cloud-init ends, and the units stay for the next boot.
    runcmd: [...before, ["systemctl", "enable", "--quiet", ...units], ["systemctl", "start", "--no-block", ...units]],
  })}\n`;
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
    LOG_GROUPS: settings.logGroups,
    SECRETS: secretDocuments[settings.role === "server" ? "servers" : "workers"].join(" "),
    STEPS: bootSteps(settings).join(" "),
    DATA_VOLUME_ID: settings.dataVolumeId,
    BACKUP_BUCKET: settings.backups?.bucket,
    BACKUP_MINUTES: settings.backups?.everyMinutes,
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
  const standing = standingWork(settings);
  const steps = [...bootSteps(settings).map((step) => `${step}.sh`), ...standing.flatMap(({ scripts }) => scripts)];
  const files = [
    file(paths.hostEnv, hostEnvironment(settings)),
    ...["lib.sh", "aws.sh", "nomad-api.sh", "tokens.sh", "boot.sh", ...new Set(steps)].map(script),
    file(`${paths.consulConfig}/agent.json`, json(consulConfig(settings))),
    file(`${paths.nomadConfig}/agent.json`, json(nomadConfig(settings))),
    file("/etc/systemd/resolved.conf.d/consul.conf", resolvedConfig()),
    file("/etc/systemd/journald.conf.d/cluster.conf", journalConfig()),
    ...units({
      "cluster-dns-address.service": dnsAddressUnit(),
      "consul.service": consulUnit(settings),
      "nomad.service": nomadUnit(settings),
    }),
    ...standing.flatMap((work) => units(work.units)),
  ];
  const started = standing.flatMap(({ start }) => start ?? []);
  // The journal reads its bounds when it starts, which it did before they were written.
  return cloudConfig(files, started, [["systemctl", "restart", "systemd-journald.service"]]);
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
    ...units({ "cluster-boot.service": bootUnit() }),
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

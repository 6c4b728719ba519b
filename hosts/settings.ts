/** A program's pinned release on a mirror laid out like releases.hashicorp.com. */
export interface Release {
  readonly version: string;
  /** SHA-256 of the Linux archive; without it the mirror's own SHA256SUMS file is believed. */
  readonly sha256?: string;
}

/** Everything that decides what a host becomes. Holds no secret: whoever may describe the instance can read its user data. */
export interface HostSettings {
  readonly role: "server" | "worker";
  /**
   * What the agents of a server call themselves; a worker is named after its instance. A server that is replaced comes back with the
   * identity that is on its disk, and under another name it would be two servers with one identity to the others.
   */
  readonly name?: string;
  /** Value of the `ConsulServers` tag by which agents find the servers. */
  readonly cluster: string;
  readonly region: string;
  readonly datacenter: string;
  /** Nomad's node class; workers only. */
  readonly nodeClass?: string;
  /** The Auto Scaling group that the host is in; workers only. */
  readonly group?: string;
  /** Number of servers that make the cluster. */
  readonly servers: number;
  /** Parameter Store path of the role's secrets, without a trailing slash. */
  readonly secretsPath: string;
  /** What the names of the log groups for agents and jobs begin with, without a trailing slash. */
  readonly logGroups: string;
  /** EBS volume that keeps the agents' data, attached once the host runs; without it data lies on the root disk. */
  readonly dataVolumeId?: string;
  /** Where the leaders save their state, once the newest backup is so many minutes old; servers only. */
  readonly backups?: { readonly bucket: string; readonly everyMinutes: number };
  readonly nomad: Release;
  readonly consul: Release;
  /** `<releasesUrl>/nomad/<version>/nomad_<version>_linux_<arch>.zip` is what gets installed. */
  readonly releasesUrl: string;
  /** Whether the host tells CloudWatch each minute how it is. */
  readonly monitoring: boolean;
}

export interface BastionSettings {
  readonly cluster: string;
  readonly region: string;
}

/** Folders and files on a host. */
export const paths = {
  /** The agents' state; on servers the mount point of the data volume. */
  data: "/var/lib/cluster",
  boot: "/opt/cluster/boot",
  hostEnv: "/etc/cluster/host.env",
  /** What the host has learned of itself: the first step of its boot writes it. */
  identity: "/etc/cluster/identity.env",
  consulConfig: "/etc/consul.d",
  nomadConfig: "/etc/nomad.d",
  tls: "/etc/cluster/tls",
  units: "/etc/systemd/system",
} as const;

/** How agents find the servers: by a tag that only servers carry. */
export function retryJoin(settings: Pick<HostSettings, "cluster" | "region">): string[] {
  return [
    `provider=aws region=${settings.region} tag_key=ConsulServers tag_value=${settings.cluster} addr_type=private_v4`,
  ];
}

/** The lifecycle hook that a worker's group waits with, before it ends the worker. */
export const lifecycleHook = "leave";

export const REGION = /^[a-z]{2,}(-[a-z]+)+-\d$/;

const forms: Record<string, RegExp> = {
  cluster: /^[a-z][a-z0-9-]*$/,
  name: /^server-\d+$/,
  region: REGION,
  datacenter: /^[a-z0-9][a-z0-9_-]*$/,
  nodeClass: /^[A-Za-z0-9][A-Za-z0-9_-]*$/,
  group: /^[A-Za-z0-9_-]+$/,
  secretsPath: /^(\/[A-Za-z0-9_.-]+)+$/,
  logGroups: /^(\/[A-Za-z0-9_.-]+)+$/,
  dataVolumeId: /^vol-[0-9a-f]+$/,
  "backups.bucket": /^[a-z0-9-]{3,63}$/,
  releasesUrl: /^(https?|file):\/\/[A-Za-z0-9._~:/%-]+[^/]$/,
  version: /^\d+\.\d+\.\d+$/,
  sha256: /^[0-9a-f]{64}$/,
};

function checkForm(name: string, form: string, value: string | undefined): void {
  const pattern = forms[form];
  if (value === undefined || pattern === undefined || pattern.test(value)) return;
  throw new Error(`hosts: ${name}: expected ${pattern.source}, got ${JSON.stringify(value)}`);
}

/** Throws, naming the setting, when a value could not go into a host's files as it is. */
export function checkHostSettings(settings: HostSettings): void {
  checkForm("cluster", "cluster", settings.cluster);
  checkForm("name", "name", settings.name);
  checkForm("region", "region", settings.region);
  checkForm("datacenter", "datacenter", settings.datacenter);
  checkForm("nodeClass", "nodeClass", settings.nodeClass);
  checkForm("group", "group", settings.group);
  checkForm("secretsPath", "secretsPath", settings.secretsPath);
  checkForm("logGroups", "logGroups", settings.logGroups);
  checkForm("dataVolumeId", "dataVolumeId", settings.dataVolumeId);
  checkForm("backups.bucket", "backups.bucket", settings.backups?.bucket);
  checkForm("releasesUrl", "releasesUrl", settings.releasesUrl);
  for (const name of ["nomad", "consul"] as const) {
    checkForm(`${name}.version`, "version", settings[name].version);
    checkForm(`${name}.sha256`, "sha256", settings[name].sha256);
  }
  if (!Number.isInteger(settings.servers) || settings.servers < 1) {
    throw new Error(`hosts: servers: expected a number from 1, got ${settings.servers}`);
  }
  if (settings.role === "server" && settings.nodeClass !== undefined) {
    throw new Error("hosts: nodeClass: servers run no jobs and have no node class");
  }
  if ((settings.role === "server") !== (settings.name !== undefined)) {
    throw new Error("hosts: name: servers, and they alone, have a name of their own");
  }
  if ((settings.role === "server") !== (settings.backups !== undefined)) {
    throw new Error("hosts: backups: servers, and they alone, have a state to save");
  }
  if ((settings.role === "worker") !== (settings.group !== undefined)) {
    throw new Error("hosts: group: workers, and they alone, are in an Auto Scaling group");
  }
}

export function checkBastionSettings(settings: BastionSettings): void {
  checkForm("cluster", "cluster", settings.cluster);
  checkForm("region", "region", settings.region);
}

/** Readers of the configuration's nested parts, each with the type that it makes. */
import type { SecretRotation } from "./components/cluster-secrets";
import { DEBIAN_12, type MachineImage } from "./components/machine-image";
import { type Fields, setCommand } from "./config-fields";
import { IMAGE, INSTANCE_TYPE, OWNER, POOL_NAME, PUBLIC_KEY, SHA256, SHOWN_TEXT, VERSION } from "./config-forms";

export interface BastionConfig {
  readonly enabled: boolean;
  readonly instanceType: string;
  readonly image: MachineImage;
  /** OpenSSH public key; without it there is no SSH. */
  readonly publicKey?: string;
}

export interface BackupsConfig {
  readonly everyMinutes: number;
  readonly keepDays: number;
}

export interface WorkerPoolConfig {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  /** What the need for its workers is kept at; 0: its size is left alone. */
  readonly needPercent: number;
  readonly instanceTypes: readonly string[];
  readonly spotPercent: number;
  /** Whether its workers run Traefik and take traffic from the load balancer. */
  readonly edge: boolean;
}

export interface TaskConfig {
  readonly image?: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
}

export interface TraefikConfig extends TaskConfig {
  /** Of the image that is built here. */
  readonly version: string;
}

export interface AppConfig extends TaskConfig {
  readonly count: number;
}

export interface ReleaseConfig {
  readonly version: string;
  /** Of the linux_amd64 archive. Without it, hosts check against the mirror's own list. */
  readonly sha256?: string;
}

export const X86_TYPE = "an EC2 instance type of x86-64";
const A_SHOWN_TEXT = "a text of 1 to 1000 characters, not blank, without control characters and ${";
/** Measured: an app that has 32 MiB is ended before it answers; at rest, each program takes 30 to 40. */
const MIN_MEMORY_MIB = 64;

export const DEFAULT_POOL: WorkerPoolConfig = {
  name: "workers",
  min: 2,
  max: 4,
  desired: 2,
  needPercent: 75,
  instanceTypes: ["t3.small"],
  spotPercent: 0,
  edge: true,
};

export function readBastion(fields: Fields): BastionConfig {
  const bastion = {
    enabled: fields.flag("enabled", true),
    instanceType: fields.text("instanceType", "t3.nano", INSTANCE_TYPE, X86_TYPE),
    image: readImage(fields.object("image")),
    publicKey: fields.optionalText(
      "publicKey",
      PUBLIC_KEY,
      "an OpenSSH public key, Ed25519 or RSA",
      '"$(cat ~/.ssh/id_ed25519.pub)"',
    ),
  };
  fields.refuseUnknown();
  return bastion;
}

export function readRotation(fields: Fields): SecretRotation {
  const count = (key: keyof SecretRotation) => fields.integer(key, 1, 1, 1_000_000);
  const rotation = {
    certificates: count("certificates"),
    gossipKeys: count("gossipKeys"),
    tokens: count("tokens"),
  };
  fields.refuseUnknown();
  return rotation;
}

export function readBackups(fields: Fields): BackupsConfig {
  const backups = {
    everyMinutes: fields.integer("everyMinutes", 60, 5, 1440),
    keepDays: fields.integer("keepDays", 30, 2, 3650),
  };
  fields.refuseUnknown();
  return backups;
}

export function readImage(fields: Fields): MachineImage {
  const owner = fields.text("owner", DEBIAN_12.owner, OWNER, "an account id of 12 digits, or self", DEBIAN_12.owner);
  const name = fields.text("name", DEBIAN_12.name);
  fields.refuseUnknown();
  return { owner, name };
}

export function readPool(fields: Fields): WorkerPoolConfig {
  const name = fields.optionalText(
    "name",
    POOL_NAME,
    "a lower-case name of at most 16 letters, digits and hyphens",
    "inner",
  );
  if (fields.raw("name") === undefined)
    fields.problems.add(fields.at("name"), "a name", undefined, setCommand(fields.at("name"), "inner"));
  const min = fields.integer("min", DEFAULT_POOL.min, 0, 1000);
  const max = fields.integer("max", Math.max(DEFAULT_POOL.max, min), min, 1000, "at least min");
  const pool = {
    name: name ?? "",
    min,
    max,
    desired: fields.integer("desired", min, min, max, "between min and max"),
    needPercent: fields.integer("needPercent", DEFAULT_POOL.needPercent, 0, 100, "0: never scaled"),
    instanceTypes: fields.texts("instanceTypes", DEFAULT_POOL.instanceTypes, INSTANCE_TYPE, X86_TYPE, "t3.small"),
    spotPercent: fields.integer("spotPercent", 0, 0, 100),
    edge: fields.flag("edge", false),
  };
  if (pool.instanceTypes.length === 0)
    fields.problems.add(
      fields.at("instanceTypes"),
      "at least one EC2 instance type",
      [],
      setCommand(`${fields.at("instanceTypes")}[0]`, "t3.small"),
    );
  fields.refuseUnknown();
  return pool;
}

/** A version other than the default's has another checksum, so the default's checksum does not go with it. */
export function readRelease(fields: Fields, program: "nomad" | "consul", fallback: ReleaseConfig): ReleaseConfig {
  const version = fields.text(`${program}Version`, fallback.version, VERSION, "a version such as " + fallback.version);
  const sha256 = fields.optionalText(`${program}Sha256`, SHA256, "a SHA-256 of 64 lower-case hexadecimal digits");
  return { version, sha256: sha256 ?? (version === fallback.version ? fallback.sha256 : undefined) };
}

export function readTask(fields: Fields, cpuMhz: number, memoryMib: number): TaskConfig {
  return {
    image: fields.optionalText("image", IMAGE, "an image reference with a tag or digest", "repository@sha256:..."),
    cpuMhz: fields.integer("cpuMhz", cpuMhz, 20, 100_000),
    memoryMib: fields.integer("memoryMib", memoryMib, MIN_MEMORY_MIB, 1_000_000, "the process does not live on less"),
  };
}

const TRAEFIK_VERSION = "3.6.12";

export function readTraefik(fields: Fields): TraefikConfig {
  const traefik = {
    ...readTask(fields, 200, 128),
    version: fields.text("version", TRAEFIK_VERSION, VERSION, `a version such as ${TRAEFIK_VERSION}`),
  };
  fields.refuseUnknown();
  return traefik;
}

export function readBackend(fields: Fields): AppConfig & { readonly greeting: string } {
  const backend = {
    ...readTask(fields, 100, 128),
    count: fields.integer("count", 3, 1, 1000),
    greeting: fields.text("greeting", "Hello from the backend", SHOWN_TEXT, A_SHOWN_TEXT),
  };
  fields.refuseUnknown();
  return backend;
}

export function readFrontend(fields: Fields): AppConfig & { readonly title: string } {
  const frontend = {
    ...readTask(fields, 100, 128),
    count: fields.integer("count", 3, 1, 1000),
    title: fields.text("title", "Frontend", SHOWN_TEXT, A_SHOWN_TEXT),
  };
  fields.refuseUnknown();
  return frontend;
}

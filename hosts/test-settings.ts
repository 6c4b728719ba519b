import type { HostSettings } from "./settings";

/** A server and a worker as a stack has them, for tests. */
export const server: HostSettings = {
  role: "server",
  name: "server-1",
  cluster: "cluster-dev",
  region: "eu-west-1",
  datacenter: "dc1",
  servers: 3,
  secretsPath: "/cluster-dev/servers",
  logGroups: "/cluster-dev",
  dataVolumeId: "vol-0123456789abcdef0",
  backups: { bucket: "cluster-dev-backups-0123456789abcdef", everyMinutes: 60 },
  nomad: { version: "1.11.3", sha256: "a".repeat(64) },
  consul: { version: "1.22.7", sha256: "b".repeat(64) },
  releasesUrl: "https://releases.hashicorp.com",
  monitoring: true,
};

const { dataVolumeId: _noVolume, name: _noName, backups: _noBackups, ...common } = server;

export const worker: HostSettings = {
  ...common,
  role: "worker",
  nodeClass: "edge",
  group: "cluster-dev-workers-edge",
  secretsPath: "/cluster-dev/workers",
};

/** What the boot steps add to agent.json on an instance: same form as in steps/consul.sh and steps/nomad.sh. */
export const consulInstance = {
  node_name: "server-1",
  bind_addr: "10.0.1.5",
  advertise_addr: "10.0.1.5",
  addresses: { http: "127.0.0.1", https: "127.0.0.1 10.0.1.5" },
  node_meta: { instance_id: "i-0123456789abcdef0", zone: "eu-west-1a" },
};

export const nomadInstance = {
  name: "server-1",
  advertise: { http: "10.0.1.5", rpc: "10.0.1.5", serf: "10.0.1.5" },
  client: { meta: { instance_id: "i-0123456789abcdef0", zone: "eu-west-1a" } },
};

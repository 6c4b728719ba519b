import * as consul from "@pulumi/consul";
import * as nomad from "@pulumi/nomad";
import { pullableRepositories } from "./components/app-image";
import { Bastion } from "./components/bastion";
import { ClusterFirewall } from "./components/cluster-firewall";
import { ClusterSecrets } from "./components/cluster-secrets";
import { ClusterSettings } from "./components/cluster-settings";
import { operatorCommands } from "./components/commands";
import { EdgeProxy } from "./components/edge-proxy";
import { Network } from "./components/network";
import { provenUrl } from "./components/page-proof";
import { readyAddresses } from "./components/readiness";
import { ServerCluster } from "./components/server-cluster";
import { Service } from "./components/service";
import { WorkerPool } from "./components/worker-pool";
import { loadConfig } from "./config";

const config = loadConfig();
const { region, datacenter, operatorCidrs } = config;
const identity = { project: config.project, stack: config.stack, cluster: config.cluster };
const software = { datacenter, nomad: config.nomad, consul: config.consul, releasesUrl: config.releasesUrl };

const network = new Network("network", {
  identity,
  region,
  vpcCidr: config.vpcCidr,
  zones: config.zones,
  natGateways: config.natGateways,
  flowLogs: config.flowLogs,
});
const bastionHost = config.bastion.enabled
  ? new Bastion("bastion", { identity, region, network, operatorCidrs, ...config.bastion })
  : undefined;
const firewall = new ClusterFirewall("firewall", { identity, network });
const secrets = new ClusterSecrets("secrets", { identity, region });

const servers = new ServerCluster("servers", {
  identity,
  region,
  network,
  firewall,
  secrets,
  bastion: bastionHost,
  count: config.serverCount,
  instanceType: config.serverInstanceType,
  image: config.hostImage,
  volumeGiB: config.serverVolumeGiB,
  software,
  operatorCidrs,
  protect: config.protect,
});
const repositoryArns = pullableRepositories({
  cluster: config.cluster,
  region,
  references: [config.traefik.image, config.backend.image, config.frontend.image],
});
const pools = config.workerPools.map((pool) => ({
  edge: pool.edge,
  pool: new WorkerPool(`workers-${pool.name}`, {
    ...pool,
    identity,
    region,
    network,
    firewall,
    secrets,
    nodeClass: pool.name,
    healthCheck: pool.edge ? "load-balancer" : "instance",
    image: config.hostImage,
    rootVolumeGiB: config.workerVolumeGiB,
    servers: config.serverCount,
    software,
    repositoryArns,
  }),
}));

export const { nomadAddress, consulAddress } = readyAddresses({
  cluster: config.cluster,
  region,
  expected: {
    servers: config.serverCount,
    minWorkers: config.workerPools.reduce((sum, pool) => sum + pool.min, 0),
  },
  timeoutSeconds: config.readyTimeoutSeconds,
  loadBalancer: servers.api,
  overrides: config.addresses,
  after: pools.map(({ pool }) => pool.group.id),
});
const nomadProvider = new nomad.Provider("nomad", { address: nomadAddress });
const consulProvider = new consul.Provider("consul", {
  address: consulAddress.apply((address) => new URL(address).host),
  scheme: consulAddress.apply((address) => new URL(address).protocol.slice(0, -1)),
  datacenter,
});
const onCluster = { provider: nomadProvider, deletedWith: network.vpc, deleteImages: !config.protect };

new ClusterSettings("settings", { deletedWith: network.vpc, nomadProvider, consulProvider });
const edge = new EdgeProxy("edge", {
  ...config.traefik,
  ...onCluster,
  identity,
  network,
  pools: pools.filter(({ edge }) => edge).map(({ pool }) => pool),
  datacenter,
  certificate: config.certificate,
});
const backend = new Service("backend", {
  ...config.backend,
  ...onCluster,
  identity,
  app: "backend",
  datacenter,
  variables: { greeting: config.backend.greeting },
});
const frontend = new Service("frontend", {
  ...config.frontend,
  ...onCluster,
  identity,
  app: "frontend",
  datacenter,
  variables: { title: config.frontend.title },
});

export const url = provenUrl({
  url: edge.url,
  address: edge.address,
  greeting: config.backend.greeting,
  timeoutSeconds: config.readyTimeoutSeconds,
  after: [edge.job.id, backend.job.id, frontend.job.id],
});
export const bastion = bastionHost && { instanceId: bastionHost.instance.id, publicIp: bastionHost.instance.publicIp };
export const commands = operatorCommands({
  region,
  nomadAddress,
  consulAddress,
  loadBalancer: servers.api,
  bastion: bastionHost,
});
export const images = { traefik: edge.image, backend: backend.image, frontend: frontend.image };

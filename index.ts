import * as consul from "@pulumi/consul";
import * as nomad from "@pulumi/nomad";
import * as pulumi from "@pulumi/pulumi";
import { pullableRepositories } from "./components/app-image";
import { ApiLoadBalancer } from "./components/api-load-balancer";
import { Backups } from "./components/backups";
import { Bastion } from "./components/bastion";
import { ClusterFirewall } from "./components/cluster-firewall";
import { ClusterSecrets } from "./components/cluster-secrets";
import { ClusterSettings } from "./components/cluster-settings";
import { clusterAccess } from "./components/cluster-access";
import { operatorCommands } from "./components/commands";
import { skipDebugMessages } from "./components/debug-messages";
import { EdgeProxy } from "./components/edge-proxy";
import { EncryptionKey } from "./components/encryption-key";
import { LogGroups } from "./components/log-groups";
import { Monitoring } from "./components/monitoring";
import { Network } from "./components/network";
import { provenUrl } from "./components/page-proof";
import { skipPromiseNotes } from "./components/promise-notes";
import { readyAddresses } from "./components/readiness";
import { rolloutAccess } from "./components/rollout-access";
import { ServerCluster } from "./components/server-cluster";
import { atOnce, ServerRollout } from "./components/server-rollout";
import { Service } from "./components/service";
import { WorkerPool } from "./components/worker-pool";
import { WorkloadIdentity } from "./components/workload-identity";
import { loadConfig } from "./config";
import { monthlyCostOf } from "./cost/monthly-cost";

skipDebugMessages();
skipPromiseNotes();
const config = loadConfig();
const { region, datacenter, operatorCidrs } = config;
const identity = { project: config.project, stack: config.stack, cluster: config.cluster };
const software = { datacenter, nomad: config.nomad, consul: config.consul, releasesUrl: config.releasesUrl };

const encryptionKeyArn = config.ownEncryptionKey
  ? new EncryptionKey("encryption-key", { identity, region, protect: config.protect }).arn
  : undefined;
const network = new Network("network", {
  identity,
  region,
  vpcCidr: config.vpcCidr,
  zones: config.zones,
  natGateways: config.natGateways,
  flowLogs: config.flowLogs,
  encryptionKeyArn,
});
const bastionHost = config.bastion.enabled
  ? new Bastion("bastion", { identity, region, network, operatorCidrs, encryptionKeyArn, ...config.bastion })
  : undefined;
const firewall = new ClusterFirewall("firewall", { identity, network });
const api = new ApiLoadBalancer("api", { identity, network, firewall, bastion: bastionHost, operatorCidrs });
const secrets = new ClusterSecrets("secrets", {
  identity,
  region,
  datacenter,
  apiNames: [api.loadBalancer.dnsName],
  rotation: config.rotation,
  encryptionKeyArn,
});
const backups = new Backups("backups", {
  ...config.backups,
  identity,
  region,
  protect: config.protect,
  encryptionKeyArn,
});

const logs = new LogGroups("logs", { identity, retentionDays: config.logRetentionDays, encryptionKeyArn });

const access = clusterAccess({ api, operator: secrets.operator, overrides: config.addresses });
const rollout = pulumi.runtime.isDryRun()
  ? atOnce
  : new ServerRollout({
      count: config.serverCount,
      timeoutSeconds: config.readyTimeoutSeconds,
      access: rolloutAccess({ cluster: config.cluster, region, access }),
    });
const servers = new ServerCluster("servers", {
  identity,
  region,
  network,
  firewall,
  secrets,
  backups,
  logs,
  api,
  count: config.serverCount,
  instanceType: config.serverInstanceType,
  image: config.hostImage,
  volumeGiB: config.serverVolumeGiB,
  software,
  protect: config.protect,
  encryptionKeyArn,
  monitoring: config.monitoring,
  rollout,
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
    logs,
    nodeClass: pool.name,
    image: config.hostImage,
    rootVolumeGiB: config.workerVolumeGiB,
    servers: config.serverCount,
    software,
    repositoryArns,
    encryptionKeyArn,
    monitoring: config.monitoring,
    rollout,
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
  access,
  after: [...servers.attached, ...pools.map(({ pool }) => pool.group.id)],
});
const { ca, consulToken, nomadToken } = secrets.operator;
const nomadProvider = new nomad.Provider("nomad", { address: nomadAddress, caPem: ca, secretId: nomadToken });
const consulProvider = new consul.Provider("consul", {
  address: consulAddress.apply((address) => new URL(address).host),
  scheme: consulAddress.apply((address) => new URL(address).protocol.slice(0, -1)),
  datacenter,
  caPem: ca,
  token: consulToken,
});
const workloads = new WorkloadIdentity("workloads", { ca, provider: consulProvider, deletedWith: network.vpc });
const onCluster = {
  provider: nomadProvider,
  workloads,
  deletedWith: network.vpc,
  deleteImages: !config.protect,
  encryptionKeyArn,
};

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

const monitoring = config.monitoring
  ? new Monitoring("monitoring", {
      identity,
      region,
      servers: config.serverCount,
      edge,
      pools: pools.map(({ pool }, index) => ({ ...config.workerPools[index]!, group: pool.group.name })),
      services: ["traefik", "frontend", "backend"],
      backups,
      alarmTopicArn: config.alarmTopicArn,
    })
  : undefined;

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
  stack: config.stack,
  consulAddress,
  api,
  bastion: bastionHost,
});
export const backupBucket = backups.bucket.id;
export const dashboardUrl = monitoring?.dashboardUrl;
export const monthlyCost = monthlyCostOf(config);
/** Who has these is an operator: `npm run cli` takes them from here. */
export const credentials = pulumi.secret({ ca, consulToken, nomadToken });
export const images = { traefik: edge.image, backend: backend.image, frontend: frontend.image };

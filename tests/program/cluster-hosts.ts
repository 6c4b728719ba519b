import { ApiLoadBalancer } from "../../components/api-load-balancer";
import { Backups } from "../../components/backups";
import { Bastion } from "../../components/bastion";
import { ClusterFirewall } from "../../components/cluster-firewall";
import { ClusterSecrets } from "../../components/cluster-secrets";
import { LogGroups } from "../../components/log-groups";
import { DEBIAN_12 } from "../../components/machine-image";
import { Network } from "../../components/network";
import { atOnce } from "../../components/server-rollout";
import { ServerCluster } from "../../components/server-cluster";
import { WorkerPool } from "../../components/worker-pool";

const identity = { project: "cluster", stack: "test", cluster: "cluster-test" };
const region = "eu-west-1";
const software = {
  datacenter: "dc1",
  nomad: { version: "1.11.3" },
  consul: { version: "1.22.7" },
  releasesUrl: "https://releases.example",
};

/** Five servers over two zones, a pool of workers that takes no traffic, and a bastion with a key, for two operators. */
export function createHosts(): void {
  const network = new Network("network", {
    identity,
    region,
    vpcCidr: "10.42.0.0/16",
    zones: 2,
    natGateways: "single",
    flowLogs: false,
  });
  const firewall = new ClusterFirewall("firewall", { identity, network });
  const operatorCidrs = ["203.0.113.0/24", "198.51.100.7/32"];
  const bastion = new Bastion("bastion", {
    identity,
    region,
    network,
    instanceType: "t3.nano",
    image: { owner: "self", name: "bastion-*" },
    publicKey: "ssh-ed25519 AAAA",
    operatorCidrs,
  });
  const api = new ApiLoadBalancer("api", { identity, network, firewall, bastion, operatorCidrs });
  const secrets = new ClusterSecrets("secrets", {
    identity,
    region,
    datacenter: "dc1",
    apiNames: [api.loadBalancer.dnsName],
    rotation: { certificates: 1, gossipKeys: 1, tokens: 1 },
  });
  const logs = new LogGroups("logs", { identity, retentionDays: 30 });
  new ServerCluster("servers", {
    identity,
    region,
    network,
    firewall,
    secrets,
    backups: new Backups("backups", { identity, region, everyMinutes: 60, keepDays: 30, protect: false }),
    logs,
    api,
    count: 5,
    instanceType: "t3.small",
    image: DEBIAN_12,
    volumeGiB: 10,
    software,
    protect: false,
    monitoring: true,
    rollout: atOnce,
  });
  new WorkerPool("workers", {
    identity,
    region,
    network,
    firewall,
    secrets,
    logs,
    nodeClass: "inner",
    min: 1,
    max: 3,
    desired: 2,
    needPercent: 60,
    instanceTypes: ["t3.small"],
    spotPercent: 0,
    image: DEBIAN_12,
    rootVolumeGiB: 20,
    servers: 5,
    software,
    monitoring: true,
    repositoryArns: ["arn:aws:ecr:eu-west-1:123456789012:repository/cluster-test/*"],
    rollout: atOnce,
  });
}

import { cloud } from "../../e2e/clients";
import { apis, type Host, hosts } from "../../e2e/cluster-view";
import { local, onHost } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { isChanged, up } from "../stack";
import { upkeep } from "../upkeep";
import { isWell } from "../view";

/** Names what the scenario puts into the cluster, to see whether it comes back. */
const MARK = "drill-restore";

/** A job that runs nothing until it is dispatched. */
const job = {
  ...{ ID: MARK, Name: MARK, Type: "batch", Datacenters: ["dc1"], ParameterizedJob: { Payload: "optional" } },
  TaskGroups: [{ Name: MARK, Tasks: [{ Name: MARK, Driver: "docker", Config: { image: "none" } }] }],
};

interface Marks {
  readonly consulToken: string;
  readonly nomadToken: string;
}

async function mark(): Promise<Marks> {
  const { consul, nomad } = await apis();
  await consul.put(`/v1/kv/${MARK}`, MARK);
  await nomad.put("/v1/jobs", { Job: job });
  const consulToken = await consul.put<{ SecretID: string }>("/v1/acl/token", { Description: MARK });
  const nomadToken = await nomad.put<{ SecretID: string }>("/v1/acl/token", { Name: MARK, Type: "management" });
  return { consulToken: consulToken.SecretID, nomadToken: nomadToken.SecretID };
}

/** Fails when something is missing. Each agent is asked by itself who the token's bearer is: a secret names only itself. */
async function isBack({ consulToken, nomadToken }: Marks, server: Host): Promise<boolean> {
  const { consul, nomad } = await apis();
  await consul.get(`/v1/kv/${MARK}`);
  await nomad.get(`/v1/job/${MARK}`);
  const ask = (header: string, address: string) =>
    onHost(
      server.container,
      `curl --silent --fail --max-time 5 --cacert /etc/cluster/tls/nomad/ca.pem --config - ${address} <<<'header = "${header}"'`,
    );
  await ask(`X-Consul-Token: ${consulToken}`, "http://127.0.0.1:8500/v1/acl/token/self");
  await ask(`X-Nomad-Token: ${nomadToken}`, "https://127.0.0.1:4646/v1/acl/token/self");
  return true;
}

/** Ends all servers and deletes their volumes, as nobody should. */
async function loseServers(): Promise<void> {
  const { ec2 } = await cloud();
  const InstanceIds = (await hosts("server")).map(({ id }) => id);
  const { Volumes = [] } = await ec2.describeVolumes({
    Filters: [{ Name: "attachment.instance-id", Values: InstanceIds }],
  });
  await ec2.terminateInstances({ InstanceIds });
  await secondsUntil("no server", 120, async () => (await hosts("server")).length === 0);
  for (const { VolumeId } of Volumes) {
    await ec2.detachVolume({ VolumeId }).catch(() => undefined);
    // A root disk has gone with its instance.
    await ec2.deleteVolume({ VolumeId }).catch(() => undefined);
  }
  const { Volumes: left = [] } = await ec2.describeVolumes({
    VolumeIds: [],
    Filters: [{ Name: "volume-id", Values: Volumes.map(({ VolumeId }) => VolumeId!) }],
  });
  if (left.length > 0) throw new Error(`${left.length} volumes of the servers are left`);
}

export const restored: Scenario = {
  name: "restore of both snapshots into empty servers",
  async run({ say }) {
    const workers = (await hosts("worker")).length;
    const marks = await mark();
    for (const server of await hosts("server")) {
      // Else the newest backup is young enough.
      for (const program of ["consul", "nomad"]) await upkeep(server, `backup.sh ${program}`, "BACKUP_MINUTES=0");
    }
    await loseServers();
    say("servers and volumes are gone");
    const started = Date.now();
    const refresh = await local(["refresh", "--target", "**ServerCluster$**"], 120);
    if (refresh.code !== 0) throw new Error(refresh.stderr);
    const upped = up();
    const restore = local(["restore"], 400).then(({ code, stderr }) => {
      if (code !== 0) throw new Error(stderr);
      say(`restored ${seconds(started)} s after`);
    });
    await Promise.all([upped, restore]);
    const server = (await hosts("server"))[0]!;
    await secondsUntil("what there was", 120, () => isBack(marks, server));
    const back = seconds(started);
    await secondsUntil("all well", 120, () => isWell(workers));
    const well = seconds(started);
    const { nomad } = await apis();
    await nomad.delete(`/v1/job/${MARK}?purge=true`);
    return {
      figures: [
        { what: "jobs and tokens back", limit: 300, measured: back, unit: "s" },
        { what: "all instances well", limit: 360, measured: well, unit: "s" },
        { what: "changes that another up finds", limit: 0, measured: isChanged(await up()) ? 1 : 0, unit: "" },
      ],
      // The servers are gone, and with them the state: what runs is told to stop when they come back empty.
      mayFail: () => true,
    };
  },
};

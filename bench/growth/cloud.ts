import { RunInstancesCommand } from "@aws-sdk/client-ec2";
import { machineImages } from "../../local/cloud/moto";
import { makeNetwork, startTestCloud } from "../../local/cloud/testing";
import { startAgents } from "./agents";

/** Everything that a program or a gate may ask: an AWS API, and a cluster of each size with instances that run nothing. */
export interface GrowthCloud {
  readonly endpoint: string;
  /** Arguments of `gate.ts`. */
  readonly clusters: ReadonlyMap<number, readonly string[]>;
  stop(): Promise<void>;
}

/** The project's own AWS API, without hosts; with clusters of so many workers, whose servers answer that all are well. */
export async function startGrowthCloud(sizes: readonly number[]): Promise<GrowthCloud> {
  const cloud = await startTestCloud();
  const stops: (() => unknown)[] = [() => cloud.stop()];
  const stop = async () => void (await Promise.all(stops.map((each) => each())));
  try {
    const { subnets } = await makeNetwork(cloud.clients);
    const clusters = new Map<number, readonly string[]>();
    for (const size of sizes) {
      const cluster = `growth-${size}`;
      const Tags = Object.entries({ Cluster: cluster, Role: "worker" }).map(([Key, Value]) => ({ Key, Value }));
      const addresses: string[] = [];
      // A subnet has fewer addresses than the largest cluster has workers.
      for (const [index, SubnetId] of subnets.entries()) {
        const count = index === 0 ? Math.ceil(size / 2) : Math.floor(size / 2);
        const { Instances = [] } = await cloud.clients.ec2.send(
          new RunInstancesCommand({
            ...{ ImageId: machineImages[0]!.id, InstanceType: "t3.small", SubnetId, MinCount: count, MaxCount: count },
            TagSpecifications: [{ ResourceType: "instance", Tags }],
          }),
        );
        addresses.push(...Instances.map(({ PrivateIpAddress }) => PrivateIpAddress!));
      }
      const agents = await startAgents(addresses);
      stops.push(agents.stop);
      clusters.set(size, [cluster, cloud.endpoint, agents.address, agents.caFile]);
    }
    return { endpoint: cloud.endpoint, clusters, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

import * as pulumi from "@pulumi/pulumi";
import type { ClusterAccess } from "./cluster-access";
import { createHostInventory } from "./host-inventory";
import { handOver, type RaftProgram, readRaft } from "./raft";
import { asError } from "./reason";
import type { RolloutAccess } from "./server-rollout";

export interface RolloutAccessArgs {
  readonly cluster: string;
  readonly region: string;
  readonly access: pulumi.Output<ClusterAccess>;
}

/** EC2, and the servers' APIs as far as moving them one by one needs them. */
export function rolloutAccess({ cluster, region, access }: RolloutAccessArgs): RolloutAccess {
  const known = new Promise<ClusterAccess>((resolve) => access.apply(resolve));
  const inventory = createHostInventory(region, cluster);
  const raft = async (program: RaftProgram) => readRaft(program, (await known)[program]).catch(asError);
  return {
    async list() {
      const servers = (await inventory.list()).filter(({ role }) => role === "server");
      return Promise.all(
        servers.map(async (server) => ({ ...server, userData: await inventory.userDataOf(server.id) })),
      );
    },
    boot: (id) => inventory.lastBootStep(id),
    raft: async () => {
      const [consul, nomad] = await Promise.all([raft("consul"), raft("nomad")]);
      return { consul, nomad };
    },
    handOver: async (program, to) => handOver(program, (await known)[program], to),
    progress: (message) => void pulumi.log.info(message, undefined, undefined, true),
  };
}

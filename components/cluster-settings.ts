import * as consul from "@pulumi/consul";
import * as nomad from "@pulumi/nomad";
import * as pulumi from "@pulumi/pulumi";
import { recordedInputs } from "./recorded-inputs";

export interface ClusterSettingsArgs {
  readonly nomadProvider: nomad.Provider;
  readonly consulProvider: consul.Provider;
  /** Goes together with the whole cluster: with it gone, there is no API to ask. */
  readonly deletedWith: pulumi.Resource;
}

/** Settings that live inside the cluster rather than in its agents' files: Raft's housekeeping, the scheduler. */
export class ClusterSettings extends pulumi.ComponentResource {
  constructor(name: string, args: ClusterSettingsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:ClusterSettings", name, recordedInputs(args), opts);
    const { deletedWith } = args;

    // Agents read their autopilot settings at the first boot of a cluster only.
    new consul.AutopilotConfig(
      `${name}-autopilot`,
      {
        cleanupDeadServers: true,
        // A follower looks for another leader after one second: who has heard of it since is in contact, on a busy machine too.
        lastContactThreshold: "1s",
        maxTrailingLogs: 250,
        serverStabilizationTime: "10s",
      },
      { parent: this, provider: args.consulProvider, deletedWith },
    );
    new nomad.SchedulerConfig(
      `${name}-scheduler`,
      {
        schedulerAlgorithm: "spread",
        memoryOversubscriptionEnabled: false,
        preemptionConfig: {
          system_scheduler_enabled: true,
          service_scheduler_enabled: false,
          batch_scheduler_enabled: false,
          sysbatch_scheduler_enabled: false,
        },
      },
      { parent: this, provider: args.nomadProvider, deletedWith },
    );

    this.registerOutputs({});
  }
}

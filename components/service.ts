import type * as nomad from "@pulumi/nomad";
import * as pulumi from "@pulumi/pulumi";
import { AppImage } from "./app-image";
import { createJob } from "./job";
import { recordedInputs } from "./recorded-inputs";
import type { ClusterIdentity } from "./tags";
import type { WorkloadIdentity } from "./workload-identity";

export interface ServiceArgs {
  readonly identity: ClusterIdentity;
  /** Folder under `apps/`: the Docker context, and the job file in it. */
  readonly app: string;
  readonly datacenter: string;
  /** An image that somebody else has built. Without it, the image is built from the app's folder. */
  readonly image?: string;
  readonly count: number;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  /** The app's own variables, next to those that every job has. */
  readonly variables: Readonly<Record<string, pulumi.Input<string>>>;
  readonly provider: nomad.Provider;
  readonly workloads: WorkloadIdentity;
  readonly deleteImages: boolean;
  /** Encrypts the images instead of ECR's own key. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
  /** Goes together with the whole cluster: with it gone, there is no Nomad to ask. */
  readonly deletedWith: pulumi.Resource;
}

/** An app on the cluster: its image and its Nomad job. */
export class Service extends pulumi.ComponentResource {
  readonly image: pulumi.Output<string>;
  readonly job: nomad.Job;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:Service", name, recordedInputs(args), opts);

    const image = new AppImage(
      `${name}-image`,
      {
        identity: args.identity,
        app: args.app,
        reference: args.image,
        deleteImages: args.deleteImages,
        encryptionKeyArn: args.encryptionKeyArn,
      },
      { parent: this },
    );
    this.image = image.reference;
    this.job = createJob(
      `${name}-job`,
      {
        app: args.app,
        workloads: args.workloads,
        variables: {
          datacenter: args.datacenter,
          image: image.reference,
          count: String(args.count),
          cpu_mhz: String(args.cpuMhz),
          memory_mib: String(args.memoryMib),
          environment: args.identity.stack,
          ...args.variables,
        },
      },
      { parent: this, provider: args.provider, deletedWith: args.deletedWith },
    );

    this.registerOutputs({ image: this.image, jobId: this.job.id });
  }
}

import { createRequire } from "node:module";
import type * as aws from "@pulumi/aws";
import type * as nomad from "@pulumi/nomad";
import * as pulumi from "@pulumi/pulumi";
import type { EncryptionKey } from "../../components/encryption-key";
import { Service } from "../../components/service";
import type { WorkloadIdentity } from "../../components/workload-identity";
import { loadConfig } from "../../config";
import { OWN_SERVICES } from "./fresh-process";

/**
 * The project's program, with so many services: its own, and others like its frontend, which share its folder and its job file; both are read
 * and hashed for each. Called inside a run of Pulumi, and once a process. Gives the program's outputs.
 */
export function programOf(services: number): Record<string, unknown> {
  // What the machine needs to reach package registries is no part of the program, and would go along with each image.
  delete process.env["NODE_EXTRA_CA_CERTS"];
  delete process.env["SSL_CERT_FILE"];
  // Others need what the program makes for its own, which is not among its outputs.
  const made = new Map<string, pulumi.Resource>();
  pulumi.runtime.registerStackTransformation(({ type, resource }) => {
    made.set(type, resource);
    return undefined;
  });
  // Only now: the program makes its resources when it is loaded.
  const outputs = createRequire(__filename)("../../index") as Record<string, unknown>;

  const { frontend, datacenter, protect, ...config } = loadConfig();
  const onCluster = {
    provider: made.get("pulumi:providers:nomad") as nomad.Provider,
    workloads: made.get("cluster:index:WorkloadIdentity") as WorkloadIdentity,
    deletedWith: made.get("aws:ec2/vpc:Vpc") as aws.ec2.Vpc,
    deleteImages: !protect,
    encryptionKeyArn: (made.get("cluster:index:EncryptionKey") as EncryptionKey | undefined)?.arn,
  };
  for (let number = OWN_SERVICES + 1; number <= services; number++) {
    new Service(`service-${number}`, {
      ...frontend,
      ...onCluster,
      identity: { project: config.project, stack: config.stack, cluster: config.cluster },
      app: "frontend",
      datacenter,
      variables: { title: frontend.title },
    });
  }
  return { ...outputs };
}

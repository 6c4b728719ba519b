import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Statement } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import type { ClusterIdentity } from "./tags";

export type HostRole = "servers" | "workers";

export interface ClusterSecretsArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
}

/**
 * Where the cluster's secrets live, and who may read what: Parameter Store, one path per role. Secrets never travel in user
 * data; a host reads its own path with its own role, and no worker can read what only servers may know.
 */
export class ClusterSecrets extends pulumi.ComponentResource {
  /** Parameter Store path of each role, without a trailing slash. */
  readonly paths: Readonly<Record<HostRole, string>>;
  readonly #args: ClusterSecretsArgs;
  readonly #account: pulumi.Output<string>;

  constructor(name: string, args: ClusterSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:ClusterSecrets", name, recordedInputs(args), opts);
    this.#args = args;
    this.#account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;
    this.paths = {
      servers: `/${args.identity.cluster}/servers`,
      workers: `/${args.identity.cluster}/workers`,
    };
    this.registerOutputs({ paths: this.paths });
  }

  /** What a role needs to read its own path and no other's. */
  readStatement(role: HostRole): Statement {
    const path = pulumi.interpolate`arn:aws:ssm:${this.#args.region}:${this.#account}:parameter${this.paths[role]}`;
    return {
      Sid: "ReadOwnParameters",
      Effect: "Allow",
      Action: ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
      Resource: [path, pulumi.interpolate`${path}/*`],
    };
  }
}

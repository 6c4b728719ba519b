import * as consul from "@pulumi/consul";
import * as pulumi from "@pulumi/pulumi";
import { workloadAudience, workloadAuthMethod } from "../hosts/nomad";
import { recordedInputs } from "./recorded-inputs";

export interface WorkloadIdentityArgs {
  /** The cluster's CA, PEM, by which Consul trusts Nomad's key set. */
  readonly ca: pulumi.Input<string>;
  readonly provider: consul.Provider;
  /** Goes together with the whole cluster: with it gone, there is no API to ask. */
  readonly deletedWith: pulumi.Resource;
}

/** Consul's rules for what a job with a `consul` block may do, by the job's name. A job that is not here may do nothing. */
const TASK_RULES: Readonly<Record<string, string>> = {
  // It reads the whole catalog to know where to send whom.
  traefik: 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }',
};

/**
 * Lets what Nomad runs log in to Consul as itself: Nomad signs who a service or task is, Consul believes Nomad's keys. A service
 * may register under its own name and no other; a task may do what the rules of its job say. No token is handed out.
 */
export class WorkloadIdentity extends pulumi.ComponentResource {
  /** Known once services can register. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: WorkloadIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:WorkloadIdentity", name, recordedInputs(args), opts);
    const options = { parent: this, provider: args.provider, deletedWith: args.deletedWith };

    const method = new consul.AclAuthMethod(
      `${name}-method`,
      {
        name: workloadAuthMethod,
        type: "jwt",
        description: "What Nomad runs, by the identities that Nomad signs",
        tokenLocality: "local",
        configJson: pulumi.jsonStringify({
          // Every server runs both agents, so each Consul server asks its own Nomad.
          JWKSURL: "https://127.0.0.1:4646/.well-known/jwks.json",
          JWKSCACert: args.ca,
          JWTSupportedAlgs: ["RS256"],
          BoundAudiences: [workloadAudience],
          ClaimMappings: {
            nomad_namespace: "nomad_namespace",
            nomad_job_id: "nomad_job_id",
            nomad_service: "nomad_service",
          },
        }),
      },
      options,
    );
    const rules = [
      new consul.AclBindingRule(
        `${name}-services`,
        {
          authMethod: method.name,
          description: "A service registers under its own name",
          bindType: "service",
          bindName: "${value.nomad_service}",
          selector: '"nomad_service" in value',
        },
        options,
      ),
      new consul.AclBindingRule(
        `${name}-tasks`,
        {
          authMethod: method.name,
          description: "A task has the role of its job, where there is one",
          bindType: "role",
          bindName: "nomad-${value.nomad_namespace}-${value.nomad_job_id}",
          selector: '"nomad_service" not in value',
        },
        options,
      ),
    ];
    const roles = Object.entries(TASK_RULES).map(([job, text]) => {
      const policy = new consul.AclPolicy(
        `${name}-${job}-policy`,
        { name: `nomad-default-${job}`, description: `Tasks of the Nomad job ${job}`, rules: text },
        options,
      );
      return new consul.AclRole(
        `${name}-${job}-role`,
        {
          name: `nomad-default-${job}`,
          description: `Tasks of the Nomad job ${job}`,
          policies: [policy.id],
        },
        options,
      );
    });

    this.ready = pulumi.all([...rules, ...roles].map(({ id }) => id)).apply(() => workloadAuthMethod);
    this.registerOutputs({ ready: this.ready });
  }
}

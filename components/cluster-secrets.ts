import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import {
  aclDocument,
  type ConsulSecrets,
  type NomadSecrets,
  type TlsDocument,
  gossipKeyOf,
  uuidOf,
} from "../hosts/secrets";
import { certificateNames } from "../hosts/tls";
import { type Certificate, CertificateAuthority } from "./certificate-authority";
import type { Statement } from "./policies";
import { recordedInputs } from "./recorded-inputs";
import { type ClusterIdentity, resourceTags } from "./tags";

export type HostRole = "servers" | "workers";

/** The account's own key for parameters, which AWS makes and keeps. */
const DEFAULT_KEY = "alias/aws/ssm";

export interface ClusterSecretsArgs {
  readonly identity: ClusterIdentity;
  readonly region: string;
  readonly datacenter: string;
  /** Names or addresses by which operators reach the servers, besides 127.0.0.1. */
  readonly apiNames: readonly pulumi.Input<string>[];
  /** Raising it issues every certificate anew; hosts take them up within two minutes, without a restart. */
  readonly certificateSeries: number;
  /** Encrypts the parameters instead of Parameter Store's default key of the account. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
}

/** What it takes to be an operator of the cluster. */
export interface OperatorCredentials {
  /** The cluster's CA, PEM. Public. */
  readonly ca: pulumi.Output<string>;
  /** Management tokens, secret. */
  readonly consulToken: pulumi.Output<string>;
  readonly nomadToken: pulumi.Output<string>;
}

/**
 * The cluster's secrets, all made before the cluster is, and where they live: Parameter Store, one path per role. They never
 * travel in user data; a host reads its own path with its own role, and no worker can read what only servers may know.
 */
export class ClusterSecrets extends pulumi.ComponentResource {
  /** Parameter Store path of each role, without a trailing slash. */
  readonly paths: Readonly<Record<HostRole, string>>;
  readonly operator: OperatorCredentials;
  /** What has to be there before a host of the role can boot. */
  readonly parameters: Readonly<Record<HostRole, readonly aws.ssm.Parameter[]>>;
  readonly #args: ClusterSecretsArgs;
  readonly #name: string;
  readonly #account: pulumi.Output<string>;

  constructor(name: string, args: ClusterSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:ClusterSecrets", name, recordedInputs(args), opts);
    this.#args = args;
    this.#name = name;
    this.#account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;
    this.paths = {
      servers: `/${args.identity.cluster}/servers`,
      workers: `/${args.identity.cluster}/workers`,
    };

    const authority = new CertificateAuthority(
      `${name}-ca`,
      { identity: args.identity, certificateSeries: args.certificateSeries },
      { parent: this },
    );
    const [server, worker] = [certificateNames("server", args.datacenter), certificateNames("worker", args.datacenter)];
    const certificates = {
      servers: authority.issue(
        `${name}-server`,
        server[0]!,
        pulumi.output([...args.apiNames]).apply((api) => [...server, "127.0.0.1", ...api]),
      ),
      workers: authority.issue(`${name}-worker`, worker[0]!, [...worker, "127.0.0.1"]),
    };
    const gossip = { consul: this.#key("consul-gossip"), nomad: this.#key("nomad-gossip") };
    const tokens = pulumi.output({
      management: this.#token("consul-management"),
      serverAgent: this.#token("consul-server-agent"),
      workerAgent: this.#token("consul-worker-agent"),
      dns: this.#token("consul-dns"),
      nomadServer: this.#token("consul-nomad-server"),
      nomadWorker: this.#token("consul-nomad-worker"),
    });
    const nomadManagement = this.#token("nomad-management");
    const all = pulumi.all([gossip.consul, gossip.nomad, tokens, nomadManagement]);

    this.parameters = {
      servers: [
        this.#tls("servers", authority.cert, certificates.servers),
        this.#document(
          "servers",
          "consul",
          all.apply(([encrypt, , { management, serverAgent, dns }]): ConsulSecrets => ({
            encrypt,
            acl: { tokens: { initial_management: management, agent: serverAgent, dns } },
          })),
        ),
        this.#document(
          "servers",
          "nomad",
          all.apply(([, encrypt, { nomadServer }]): NomadSecrets => ({
            server: { encrypt },
            consul: { token: nomadServer },
          })),
        ),
        this.#document(
          "servers",
          "acl",
          all.apply(([, , each, nomad]) => aclDocument(each, nomad)),
        ),
      ],
      workers: [
        this.#tls("workers", authority.cert, certificates.workers),
        this.#document(
          "workers",
          "consul",
          all.apply(([encrypt, , { workerAgent, dns }]): ConsulSecrets => ({
            encrypt,
            acl: { tokens: { agent: workerAgent, dns } },
          })),
        ),
        this.#document(
          "workers",
          "nomad",
          all.apply(([, , { nomadWorker }]): NomadSecrets => ({ consul: { token: nomadWorker } })),
        ),
      ],
    };
    this.operator = {
      ca: authority.cert,
      consulToken: tokens.apply(({ management }) => management),
      nomadToken: nomadManagement,
    };
    this.registerOutputs({ paths: this.paths });
  }

  /** What a role needs to read its own path and no other's. */
  readStatements(role: HostRole): Statement[] {
    const { region, encryptionKeyArn } = this.#args;
    const own = pulumi.interpolate`arn:aws:ssm:${region}:${this.#account}:parameter${this.paths[role]}/*`;
    const read: Statement = {
      Sid: "ReadOwnParameters",
      Effect: "Allow",
      Action: ["ssm:GetParameters"],
      Resource: [own],
    };
    // The default key lets every role of the account decrypt what it may read: Systems Manager User Guide, "Restricting
    // decryption of SecureString parameter values".
    if (encryptionKeyArn === undefined) return [read];
    return [
      read,
      {
        Sid: "DecryptOwnParameters",
        Effect: "Allow",
        Action: ["kms:Decrypt"],
        Resource: [encryptionKeyArn],
        // Parameter Store gives each value the name that it is kept under: KMS Developer Guide, "Parameter Store encryption context".
        Condition: {
          StringEquals: { "kms:ViaService": `ssm.${region}.amazonaws.com` },
          ArnLike: { "kms:EncryptionContext:PARAMETER_ARN": own },
        },
      },
    ];
  }

  /**
   * 256 bits of chance. A password, because its resource id tells nothing: those of RandomUuid and RandomBytes are what was drawn,
   * in clear in the state.
   */
  #password(name: string): pulumi.Output<string> {
    return new random.RandomPassword(`${this.#name}-${name}`, { length: 43, special: false }, { parent: this }).result;
  }

  #key(name: string): pulumi.Output<string> {
    return this.#password(name).apply(gossipKeyOf);
  }

  #token(name: string): pulumi.Output<string> {
    return this.#password(name).apply(uuidOf);
  }

  #tls(role: HostRole, ca: pulumi.Output<string>, { cert, key }: Certificate): aws.ssm.Parameter {
    return this.#document(
      role,
      "tls",
      pulumi.all([ca, cert, key]).apply((pems): TlsDocument => ({ ca: pems[0], cert: pems[1], key: pems[2] })),
    );
  }

  #document(role: HostRole, document: string, value: pulumi.Output<object>): aws.ssm.Parameter {
    return new aws.ssm.Parameter(
      `${this.#name}-${role}-${document}`,
      {
        name: `${this.paths[role]}/${document}`,
        type: "SecureString",
        // Named even where it is the default: with none named, a parameter would keep a key that is switched off.
        keyId: this.#args.encryptionKeyArn ?? DEFAULT_KEY,
        value: value.apply((content) => JSON.stringify(content)),
        tags: resourceTags(this.#args.identity, "secrets", `${role}-${document}`),
      },
      { parent: this },
    );
  }
}

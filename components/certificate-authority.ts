import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { recordedInputs } from "./recorded-inputs";
import type { ClusterIdentity } from "./tags";

export interface CertificateAuthorityArgs {
  readonly identity: ClusterIdentity;
  /** Raising it issues every certificate anew, with a new key; the CA stays. */
  readonly rotation: number;
}

export interface Certificate {
  /** PEM. */
  readonly cert: pulumi.Output<string>;
  /** PEM, secret. */
  readonly key: pulumi.Output<string>;
}

const CURVE = { algorithm: "ECDSA", ecdsaCurve: "P256" };
const YEAR_HOURS = 8_760;
const MONTH_HOURS = 730;

/** The cluster's own CA: whoever has a certificate of it is a member, in the role that the certificate names. */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** The CA's own certificate, PEM. Public. */
  readonly cert: pulumi.Output<string>;
  readonly #args: CertificateAuthorityArgs;
  readonly #key: tls.PrivateKey;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:CertificateAuthority", name, recordedInputs(args), opts);
    this.#args = args;
    this.#key = new tls.PrivateKey(`${name}-key`, CURVE, { parent: this });
    const certificate = new tls.SelfSignedCert(
      `${name}-cert`,
      {
        privateKeyPem: this.#key.privateKeyPem,
        subject: { commonName: `${args.identity.cluster} CA`, organization: args.identity.cluster },
        isCaCertificate: true,
        setSubjectKeyId: true,
        allowedUses: ["cert_signing", "crl_signing"],
        validityPeriodHours: 10 * YEAR_HOURS,
      },
      { parent: this },
    );
    this.cert = certificate.certPem;
    this.registerOutputs({ cert: this.cert });
  }

  /**
   * A certificate for names and addresses, for a year; the first `up` in its last month renews it. Both ends of a connection
   * between agents show one, so it serves as a server's and as a client's.
   */
  issue(name: string, commonName: string, names: pulumi.Input<readonly string[]>): Certificate {
    const key = new tls.PrivateKey(`${name}-key`, CURVE, {
      parent: this,
      replacementTrigger: this.#args.rotation,
    });
    const sorted = pulumi.output(names).apply((all) => ({
      dnsNames: all.filter((each) => isIP(each) === 0),
      ipAddresses: all.filter((each) => isIP(each) !== 0),
    }));
    const request = new tls.CertRequest(
      `${name}-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName, organization: this.#args.identity.cluster },
        dnsNames: sorted.dnsNames,
        ipAddresses: sorted.ipAddresses,
      },
      { parent: this },
    );
    const certificate = new tls.LocallySignedCert(
      `${name}-cert`,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: this.#key.privateKeyPem,
        caCertPem: this.cert,
        allowedUses: ["digital_signature", "server_auth", "client_auth"],
        validityPeriodHours: YEAR_HOURS,
        earlyRenewalHours: MONTH_HOURS,
      },
      { parent: this },
    );
    return { cert: certificate.certPem, key: key.privateKeyPem };
  }
}

import { randomBytes } from "node:crypto";
import type { Extension, Name, Pkcs10CertificateRequest, PublicKey, X509Certificate } from "@peculiar/x509";
import { describe } from "../operations";
import type { Props } from "../wire";
import { hashId, type Signer } from "./keys";
import { alternativeNames, isEmpty, requestedNames, subjectName } from "./names";
import { pem } from "./openssh";
import { x509 } from "./x509";

/** Bits of the key usage extension (RFC 5280, 4.2.1.3). */
const keyUsages: Record<string, number> = {
  digital_signature: 1,
  content_commitment: 2,
  key_encipherment: 4,
  data_encipherment: 8,
  key_agreement: 16,
  cert_signing: 32,
  crl_signing: 64,
  encipher_only: 128,
  decipher_only: 256,
};

/** Object identifiers of the extended key usage extension (RFC 5280, 4.2.1.12; the last four are the vendors' own). */
const extendedKeyUsages: Record<string, string> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
  microsoft_server_gated_crypto: "1.3.6.1.4.1.311.10.3.3",
  netscape_server_gated_crypto: "2.16.840.1.113730.4.1",
  microsoft_commercial_code_signing: "1.3.6.1.4.1.311.2.1.22",
  microsoft_kernel_code_signing: "1.3.6.1.4.1.311.61.1.1",
};

/** The values that `allowedUses` takes. */
export const uses: readonly string[] = [...Object.keys(keyUsages), ...Object.keys(extendedKeyUsages)];

function usageExtensions(allowedUses: string[]): Extension[] {
  const bits = allowedUses.reduce((sum, use) => sum | (keyUsages[use] ?? 0), 0);
  const identifiers = [...new Set(allowedUses.flatMap((use) => extendedKeyUsages[use] ?? []))];
  return [
    ...(bits ? [new x509.KeyUsagesExtension(bits, true)] : []),
    ...(identifiers.length > 0 ? [new x509.ExtendedKeyUsageExtension(identifiers)] : []),
  ];
}

/** What an issued certificate is about, and who vouches for it. */
interface Order {
  readonly subject: Name;
  readonly publicKey: PublicKey;
  readonly names: readonly Extension[];
  readonly issuer: Name;
  /** In hex; the certificate gets it as its authority key identifier. */
  readonly issuerKeyId?: string;
  readonly signer: Signer;
}

/** SHA-1 over the key's bits, without algorithm, tag and length: the first method of RFC 5280, 4.2.1.2. */
const keyId = async (key: PublicKey): Promise<string> => Buffer.from(await key.getKeyIdentifier()).toString("hex");

/** RFC 3339 in whole seconds: a certificate's times have no parts of them. */
const timestamp = (time: Date) => time.toISOString().replace(/\.\d+Z$/, "Z");

async function issue(args: Props, order: Order): Promise<{ id: string; outputs: Props }> {
  const { isCaCertificate, setSubjectKeyId, maxPathLength, validityPeriodHours } = args;
  if (isCaCertificate && isEmpty(order.subject))
    throw new Error("subject: expected at least one name for a certificate authority, got none");
  const pathLength = maxPathLength >= 0 ? maxPathLength : undefined;
  const start = new Date(Math.floor(Date.now() / 1000) * 1000);
  const end = new Date(start.getTime() + validityPeriodHours * 3_600_000);
  const serial = randomBytes(16).toString("hex");
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: order.subject,
    issuer: order.issuer,
    notBefore: start,
    notAfter: end,
    publicKey: order.publicKey,
    signingKey: order.signer.keys.privateKey,
    signingAlgorithm: order.signer.signingAlgorithm,
    extensions: [
      ...usageExtensions(args.allowedUses),
      new x509.BasicConstraintsExtension(isCaCertificate, isCaCertificate ? pathLength : undefined, true),
      ...(isCaCertificate || setSubjectKeyId
        ? [new x509.SubjectKeyIdentifierExtension(await keyId(order.publicKey))]
        : []),
      ...(order.issuerKeyId ? [new x509.AuthorityKeyIdentifierExtension(order.issuerKeyId)] : []),
      ...order.names,
    ],
  });
  return {
    id: BigInt(`0x${serial}`).toString(),
    outputs: {
      certPem: pem("CERTIFICATE", Buffer.from(certificate.rawData)),
      validityStartTime: timestamp(start),
      validityEndTime: timestamp(end),
    },
  };
}

/** A certificate by the arguments of SelfSignedCert; its id is the serial number. */
export async function selfSigned(args: Props, signer: Signer): Promise<{ id: string; outputs: Props }> {
  const subject = subjectName(args.subject);
  const publicKey = new x509.PublicKey(signer.spki);
  if (args.setAuthorityKeyId && !args.isCaCertificate && !args.setSubjectKeyId)
    throw new Error("setAuthorityKeyId: expected isCaCertificate or setSubjectKeyId with it, got neither");
  return issue(args, {
    subject,
    publicKey,
    names: alternativeNames(args),
    issuer: subject,
    issuerKeyId: args.setAuthorityKeyId ? await keyId(publicKey) : undefined,
    signer,
  });
}

/** A request by the arguments of CertRequest; its id is a hash of it. */
export async function request(args: Props, signer: Signer): Promise<{ id: string; outputs: Props }> {
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectName(args.subject),
    keys: signer.keys,
    signingAlgorithm: signer.signingAlgorithm,
    extensions: alternativeNames(args),
  });
  const der = Buffer.from(made.rawData);
  return { id: hashId(der), outputs: { certRequestPem: pem("CERTIFICATE REQUEST", der) } };
}

function read<T>(name: string, what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Error(`${name}: expected ${what} in PEM, got none that can be read (${describe(error)})`, {
      cause: error,
    });
  }
}

/**
 * A certificate by the arguments of LocallySignedCert; its id is the serial number. From the request it takes the public key, the
 * subject and the alternative names. `warn` hears of an authority that is none by its own certificate.
 */
export async function locallySigned(
  args: Props,
  signer: Signer,
  warn: (message: string) => void,
): Promise<{ id: string; outputs: Props }> {
  const authority: X509Certificate = read("caCertPem", "a certificate", () => new x509.X509Certificate(args.caCertPem));
  const asked: Pkcs10CertificateRequest = read(
    "certRequestPem",
    "a certificate request",
    () => new x509.Pkcs10CertificateRequest(args.certRequestPem),
  );
  if (!Buffer.from(authority.publicKey.rawData).equals(signer.spki))
    throw new Error("caPrivateKeyPem: expected the key of caCertPem, got another one");
  if (!authority.getExtension(x509.BasicConstraintsExtension)?.ca)
    warn("caCertPem is no certificate of an authority: what it signs may be refused");
  const issuer = authority.subjectName;
  const isOwnName = Buffer.from(issuer.toArrayBuffer()).equals(Buffer.from(asked.subjectName.toArrayBuffer()));
  return issue(args, {
    subject: asked.subjectName,
    publicKey: asked.publicKey,
    names: requestedNames(asked),
    issuer,
    // As Go does: a certificate of the authority's own name counts as self-signed.
    issuerKeyId: isOwnName ? undefined : authority.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId,
    signer,
  });
}

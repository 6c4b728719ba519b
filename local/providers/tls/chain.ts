import { spawnSync } from "node:child_process";
import { tlsProvider } from ".";
import * as operations from "../operations";
import { make, type Made } from "../trial";
import type { Props } from "../wire";

const provider = tlsProvider();

/** What the tests of this folder share: short names of the types, and arguments that fit each other. */
export const types = {
  key: "tls:index/privateKey:PrivateKey",
  request: "tls:index/certRequest:CertRequest",
  selfSigned: "tls:index/selfSignedCert:SelfSignedCert",
  signed: "tls:index/locallySignedCert:LocallySignedCert",
};
export const create = (type: keyof typeof types, args: Props) => make(provider, types[type], args);
export const model = (type: keyof typeof types) => operations.resourceModel(provider, types[type]);

/** `test` where a program is installed, else a test that is skipped. */
export const tool = (program: string, ...args: string[]) => (spawnSync(program, args).error ? test.skip : test);

export const ECDSA = { algorithm: "ECDSA", ecdsaCurve: "P256" };
export const keys = {
  P256: ECDSA,
  P384: { algorithm: "ECDSA", ecdsaCurve: "P384" },
  P521: { algorithm: "ECDSA", ecdsaCurve: "P521" },
  RSA: { algorithm: "RSA", rsaBits: 2048 },
  ED25519: { algorithm: "ED25519" },
};
export const authorityArgs = {
  isCaCertificate: true,
  allowedUses: ["cert_signing", "crl_signing"],
  validityPeriodHours: 48,
  subject: { commonName: "Cluster CA", organization: 'Ä "quoted" \\ #1', country: "DE" },
};
export const leafNames = {
  dnsNames: ["server.dc1.consul", "localhost"],
  ipAddresses: ["127.0.0.1", "2001:db8::5"],
  uris: ["spiffe://cluster/server"],
};
export const leafArgs = {
  allowedUses: ["digital_signature", "key_encipherment", "server_auth", "client_auth"],
  validityPeriodHours: 24,
};

/** A key of one algorithm, an authority on it, and a certificate that it signed. */
export async function chain(args: Props = ECDSA): Promise<{ key: Props; authority: Made; request: Made; leaf: Made }> {
  const key = (await create("key", args)).plain;
  const authority = await create("selfSigned", { ...authorityArgs, privateKeyPem: key["privateKeyPem"] });
  const request = await create("request", {
    privateKeyPem: key["privateKeyPemPkcs8"],
    subject: { commonName: "server.dc1.consul" },
    ...leafNames,
  });
  const leaf = await create("signed", {
    ...leafArgs,
    caCertPem: authority.plain["certPem"],
    caPrivateKeyPem: key["privateKeyPem"],
    certRequestPem: request.plain["certRequestPem"],
  });
  return { key, authority, request, leaf };
}

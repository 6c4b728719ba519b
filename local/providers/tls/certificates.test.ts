import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as operations from "../operations";
import { secret, UNKNOWN, type Props } from "../wire";
import { authorityArgs, chain, create, ECDSA, keys, leafArgs, leafNames, model, tool, types } from "./chain";

// RSA keys take their time on a busy machine.
jest.setTimeout(60_000);

let folder: string;
const write = (name: string, text: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
};
beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), "tls-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each(Object.entries(keys))("an authority on %s vouches for what it signs", async (_name, args) => {
  const { key, authority, leaf } = await chain(args);
  const [root, server] = [new X509Certificate(authority.plain["certPem"]), new X509Certificate(leaf.plain["certPem"])];
  expect([root.ca, server.ca]).toEqual([true, false]);
  expect(root.verify(root.publicKey)).toBe(true);
  expect(server.verify(root.publicKey)).toBe(true);
  expect(server.checkIssued(root)).toBe(true);
  expect(server.checkPrivateKey(createPrivateKey(key["privateKeyPem"]))).toBe(true);
  expect(server.subject).toBe("CN=server.dc1.consul");
  expect(server.subjectAltName).toBe(
    "DNS:server.dc1.consul, DNS:localhost, IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:5, " +
      "URI:spiffe://cluster/server",
  );
  expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  expect(authority.plain["keyAlgorithm"]).toBe(args.algorithm);
  expect(leaf.plain["caKeyAlgorithm"]).toBe(args.algorithm);
});

tool("openssl", "version")(
  "OpenSSL accepts the chain for a server of this name, and finds what was asked for",
  async () => {
    const { authority, request, leaf } = await chain();
    const openssl = (...args: string[]) =>
      execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const [root, server] = [write("ca", authority.plain["certPem"]), write("leaf", leaf.plain["certPem"])];
    const name = ["-verify_hostname", "server.dc1.consul", "-purpose", "sslserver"];
    expect(openssl("verify", "-x509_strict", "-CAfile", root, ...name, server)).toBe(`${server}: OK\n`);
    const extensions = (file: string) =>
      openssl("x509", "-noout", "-text", "-in", file).split("X509v3 extensions:")[1]!;
    const words = (file: string) => extensions(file).split("Signature Algorithm")[0]!.replace(/\s+/g, " ").trim();
    const [, id] = /Subject Key Identifier: (\S+)/.exec(words(root))!;
    expect(words(root)).toBe(
      "X509v3 Key Usage: critical Certificate Sign, CRL Sign X509v3 Basic Constraints: critical CA:TRUE " +
        `X509v3 Subject Key Identifier: ${id}`,
    );
    expect(words(server)).toBe(
      "X509v3 Key Usage: critical Digital Signature, Key Encipherment X509v3 Extended Key Usage: " +
        "TLS Web Server Authentication, TLS Web Client Authentication X509v3 Basic Constraints: critical CA:FALSE " +
        `X509v3 Authority Key Identifier: ${id} X509v3 Subject Alternative Name: DNS:server.dc1.consul, DNS:localhost, ` +
        "IP Address:127.0.0.1, IP Address:2001:DB8:0:0:0:0:0:5, URI:spiffe://cluster/server",
    );
    openssl("req", "-verify", "-noout", "-in", write("request", request.plain["certRequestPem"]));
  },
);

test("a self-signed one holds its own names, identifiers and path length", async () => {
  const { plain: key } = await create("key", ECDSA);
  const { plain, id } = await create("selfSigned", {
    ...authorityArgs,
    ...leafNames,
    privateKeyPem: key["privateKeyPem"],
    maxPathLength: 0,
    setAuthorityKeyId: true,
  });
  const certificate = new X509Certificate(plain["certPem"]);
  expect(certificate.subject).toBe('C=DE\nO=Ä \\"quoted\\" \\\\ #1\nCN=Cluster CA');
  expect(certificate.issuer).toBe(certificate.subject);
  expect(certificate.subjectAltName).toContain("DNS:localhost, IP Address:127.0.0.1");
  expect(BigInt(`0x${certificate.serialNumber}`).toString()).toBe(id);
  expect(Date.parse(plain["validityEndTime"]) - Date.parse(plain["validityStartTime"])).toBe(48 * 3_600_000);
  expect(Date.parse(certificate.validTo)).toBe(Date.parse(plain["validityEndTime"]));
  expect(plain["readyForRenewal"]).toBe(false);
  expect(certificate.raw.includes(Buffer.from("30060101ff020100", "hex"))).toBe(true);
});

test("the keys that go in are secret in the state", async () => {
  const { key, authority, request, leaf } = await chain();
  for (const { outputs } of [authority, request])
    expect(outputs["privateKeyPem"]).toEqual(
      secret(request.outputs === outputs ? key["privateKeyPemPkcs8"] : key["privateKeyPem"]),
    );
  expect(leaf.outputs["caPrivateKeyPem"]).toEqual(secret(key["privateKeyPem"]));
});

test("another key than the authority's cannot sign for it", async () => {
  const { authority, leaf } = await chain();
  const { plain: other } = await create("key", ECDSA);
  const args = { ...leaf.inputs, caCertPem: authority.plain["certPem"], caPrivateKeyPem: other["privateKeyPem"] };
  await expect(create("signed", args)).rejects.toThrow(
    `creating ${types.signed} "trial": caPrivateKeyPem: expected the key of caCertPem, got another one`,
  );
});

describe("refusals", () => {
  const refused = async (type: keyof typeof types, args: Props): Promise<string> =>
    create(type, args).then(
      () => "made",
      (error: Error) => error.message.split(": ").slice(1).join(": "),
    );

  test("name the argument", async () => {
    const { plain } = await create("key", ECDSA);
    const args = { ...leafArgs, privateKeyPem: plain["privateKeyPem"] };
    expect(await refused("selfSigned", { ...args, privateKeyPem: undefined })).toBe(
      "privateKeyPem: expected a value in PEM, got none",
    );
    expect(await refused("selfSigned", { ...args, allowedUses: ["serverAuth"] })).toMatch(
      /^allowedUses\[0\]: expected one of digital_signature, .*, got "serverAuth"$/,
    );
    expect(await refused("selfSigned", { ...args, validityPeriodHours: 1.5 })).toBe(
      "validityPeriodHours: expected a whole number from 0 on, got 1.5",
    );
    expect(await refused("selfSigned", { ...args, ipAddresses: ["10.0.0"] })).toBe(
      'ipAddresses: expected IPv4 or IPv6 addresses, got "10.0.0"',
    );
    expect(await refused("request", { privateKeyPem: "x", dnsNames: ["ä.de"] })).toBe(
      'dnsNames: expected names in ASCII (punycode for others), got "ä.de"',
    );
    expect(await refused("request", { privateKeyPemWo: "x" })).toBe(
      'argument "privateKeyPemWo" is not modelled by the local provider',
    );
    expect(await refused("request", { privateKeyPem: "x", subject: { title: "Dr" } })).toBe(
      'argument "subject.title" is not modelled by the local provider',
    );
  });

  test("of what the certificate itself forbids", async () => {
    const { plain } = await create("key", ECDSA);
    const { plain: small } = await create("key", { algorithm: "ECDSA" });
    const args = { ...leafArgs, privateKeyPem: plain["privateKeyPem"] };
    const prefix = 'selfSignedCert:SelfSignedCert "trial": ';
    const from = async (more: Props) =>
      create("selfSigned", { ...args, ...more }).catch((error: Error) => error.message.split(prefix)[1]);
    expect(await from({ isCaCertificate: true })).toBe(
      "subject: expected at least one name for a certificate authority, got none",
    );
    expect(await from({ setAuthorityKeyId: true })).toBe(
      "setAuthorityKeyId: expected isCaCertificate or setSubjectKeyId with it, got neither",
    );
    expect(await from({ privateKeyPem: small["privateKeyPem"] })).toBe(
      "privateKeyPem: expected RSA, ED25519, or ECDSA on P256, P384 or P521, got ec secp224r1",
    );
    expect(await from({ privateKeyPem: "nonsense" })).toMatch(
      /^privateKeyPem: expected a private key in PEM, got none that can be read \(/,
    );
  });

  test("wait for what a preview does not know yet", () => {
    const news = {
      ...leafArgs,
      privateKeyPem: UNKNOWN,
      dnsNames: [UNKNOWN],
      subject: UNKNOWN,
      validityPeriodHours: UNKNOWN,
    };
    const naming = { seed: new Uint8Array() };
    const checked = operations.check(
      model("selfSigned"),
      {},
      { type: types.selfSigned, name: "n", olds: {}, news, naming },
    );
    expect(checked.failures).toEqual([]);
  });
});

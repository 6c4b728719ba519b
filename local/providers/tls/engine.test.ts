import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as automation from "@pulumi/pulumi/automation";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import { tlsProvider } from ".";
import { enginePath } from "../../../engines/find";
import { randomProvider } from "../random";
import { serve, type RunningProvider } from "../server";

let folder: string;
let providers: RunningProvider[];
let stack: automation.Stack;
let earlyRenewalHours: number;

const stateText = (): string => readFileSync(path.join(folder, "state/.pulumi/stacks/certificates/test.json"), "utf8");
const up = async () => (await stack.up()).summary.resourceChanges;

async function program() {
  const key = new tls.PrivateKey("key", { algorithm: "ECDSA", ecdsaCurve: "P256" });
  const authority = new tls.SelfSignedCert("authority", {
    privateKeyPem: key.privateKeyPem,
    isCaCertificate: true,
    allowedUses: ["cert_signing", "crl_signing"],
    validityPeriodHours: 87600,
    subject: { commonName: "Cluster CA" },
  });
  const request = new tls.CertRequest("request", {
    privateKeyPem: key.privateKeyPem,
    subject: { commonName: "server" },
    dnsNames: ["server.dc1.consul"],
  });
  const leaf = new tls.LocallySignedCert("leaf", {
    caCertPem: authority.certPem,
    caPrivateKeyPem: key.privateKeyPem,
    certRequestPem: request.certRequestPem,
    allowedUses: ["digital_signature", "server_auth"],
    validityPeriodHours: 24,
    earlyRenewalHours,
  });
  const token = new random.RandomPassword("token", { length: 40, special: false });
  return {
    ...{ authority: authority.certPem, leaf: leaf.certPem, key: key.privateKeyPem, ssh: key.privateKeyOpenssh },
    ...{ publicKey: key.publicKeyPem, publicSsh: key.publicKeyOpenssh },
    ...{ token: token.result, tokenId: token.id },
  };
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "engine-"));
  for (const name of ["state", "work"]) mkdirSync(path.join(folder, name));
  process.env["PATH"] = `${path.dirname(enginePath("pulumi"))}:${process.env["PATH"]}`;
  providers = await Promise.all([serve(tlsProvider()), serve(randomProvider())]);
  stack = await automation.LocalWorkspace.createOrSelectStack(
    { stackName: "test", projectName: "certificates", program },
    {
      workDir: path.join(folder, "work"),
      pulumiHome: path.join(folder, "home"),
      envVars: {
        PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DEBUG_PROVIDERS: providers.map(({ name, port }) => `${name}:${port}`).join(","),
      },
    },
  );
}, 180_000);
afterAll(() => {
  providers.forEach((provider) => provider.stop());
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  earlyRenewalHours = 0;
});

/** Secret outputs of the stack, which must not be in the state, nor any line of them. */
async function expectHidden(): Promise<void> {
  const outputs = await stack.outputs();
  const text = stateText();
  const [secrets, open] = [
    ["key", "ssh", "token"],
    ["authority", "leaf", "tokenId", "publicKey", "publicSsh"],
  ];
  // A private key's file holds its public key too.
  const known = open.map((name) => outputs[name]!.value).join("\n");
  for (const name of [...secrets, ...open])
    expect([name, outputs[name]!.secret]).toEqual([name, secrets.includes(name)]);
  const lines = secrets.flatMap((name) => String(outputs[name]!.value).split("\n"));
  const telling = lines.filter((line) => line.length >= 16 && !line.startsWith("-----") && !known.includes(line));
  expect(telling.length).toBeGreaterThan(6);
  expect(telling.filter((line) => text.includes(line))).toEqual([]);
  expect(text).not.toContain("PRIVATE KEY");
}

test("a chain is made in one run", async () => {
  const { outputs, summary } = await stack.up();
  expect(summary.resourceChanges).toEqual({ create: 6 });
  const [root, leaf] = [new X509Certificate(outputs["authority"]!.value), new X509Certificate(outputs["leaf"]!.value)];
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.subjectAltName).toBe("DNS:server.dc1.consul");
  expect(outputs["tokenId"]!.value).toBe("none");
  await expectHidden();
}, 180_000);

test("a second run changes nothing and reveals nothing", async () => {
  expect(await up()).toEqual({ same: 6 });
  await expectHidden();
}, 180_000);

test("a certificate is renewed by the first run within its early renewal hours", async () => {
  earlyRenewalHours = 23;
  expect(await up()).toEqual({ update: 1, same: 5 });
  const before = (await stack.outputs())["leaf"]!.value;
  jest.spyOn(Date, "now").mockReturnValue(Date.now() + 3_700_000);
  expect(await up()).toEqual({ replace: 1, same: 5 });
  jest.restoreAllMocks();
  expect((await stack.outputs())["leaf"]!.value).not.toBe(before);
  await expectHidden();
}, 180_000);

import { gzipSync } from "node:zlib";
import { noPlainSecrets, secretsIn } from "./plain-secrets";
import { judge } from "./test-resources";
import { INSTANCE, LAUNCH_TEMPLATE, NOMAD_JOB } from "./types";

// Put together here, so that nobody's search for secrets stops at this file.
const KEY = ["-----BEGIN EC", "PRIVATE KEY-----"].join(" ");
const GOSSIP = Buffer.alloc(32, 7).toString("base64");
const TOKEN = "3f2b1a90-1c2d-4e5f-8a9b-0c1d2e3f4a5b";

const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");

describe("secretsIn", () => {
  it.each([
    [KEY, "a private key"],
    [`-----BEGIN ${"PRIVATE KEY-----"}`, "a private key"],
    [`AKIA${"ABCDEFGH12345678"}`, "an AWS access key"],
    [`aws_secret_access_key = ${"aB3/".repeat(10)}`, "an AWS secret key"],
    [`AWS_SECRET_ACCESS_KEY="${"aB3/".repeat(10)}"`, "an AWS secret key"],
    [`encrypt = "${GOSSIP}"`, "a gossip key"],
    [JSON.stringify({ encrypt: GOSSIP }), "a gossip key"],
    [JSON.stringify(JSON.stringify({ encrypt: GOSSIP })), "a gossip key"],
    [`encrypt: ${Buffer.alloc(16, 7).toString("base64")}`, "a gossip key"],
    [`CONSUL_HTTP_TOKEN = "${TOKEN}"`, "a token"],
    [JSON.stringify({ secret_id: TOKEN }), "a token"],
  ])("finds in %s %s", (text, what) => expect(secretsIn(text)).toEqual([what]));

  it("finds it in base64 and gzip, and in one within the other", () => {
    const inner = base64(gzipSync(`encrypt = "${GOSSIP}"`));
    const outer = base64(gzipSync(`#cloud-config\nwrite_files:\n  - content: ${inner}\n`));
    for (const text of [inner, outer]) expect(secretsIn(text)).toEqual(["a gossip key"]);
  });

  it.each([
    "-----BEGIN CERTIFICATE-----",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ5dGVzYnl0ZXNieXRlc2J5dGVzYnl0ZXM=",
    `volume_id = "${TOKEN}"`,
    `encrypt = var.gossip_key`,
    `encrypt_verify_incoming: true`,
    `token = "{{ with secret }}"`,
    `sha256: ${"0123456789abcdef".repeat(4)}`,
  ])("finds nothing in %s", (text) => expect(secretsIn(text)).toEqual([]));
});

describe("no-plain-secrets", () => {
  const remedy = "keep it in Parameter Store or Nomad's variables, and let the host or the task fetch it";

  it.each([
    [INSTANCE, { userData: KEY }, "userData: expected no secret, got what looks like a private key; "],
    [
      INSTANCE,
      { userDataBase64: base64(`#!/bin/sh\n${KEY}\n`) },
      "userDataBase64: expected no secret, got what looks like a private key; ",
    ],
    [
      LAUNCH_TEMPLATE,
      { userData: base64(gzipSync(KEY)) },
      "userData: expected no secret, got what looks like a private key; ",
    ],
    [
      NOMAD_JOB,
      { jobspec: `env { API_TOKEN = "${TOKEN}" }` },
      "jobspec: expected no secret, got what looks like a token; ",
    ],
    [NOMAD_JOB, { hcl2: { vars: { token: TOKEN } } }, "hcl2.vars: expected no secret, got what looks like a token; "],
  ])("refuses %s with a secret, and tells nobody which", (type, props, message) => {
    expect(judge(noPlainSecrets, { type, props })).toEqual([message + remedy]);
  });

  it("lets what holds none pass", () => {
    expect(judge(noPlainSecrets, { type: INSTANCE, props: { userDataBase64: base64("#cloud-config\n") } })).toEqual([]);
    expect(judge(noPlainSecrets, { type: NOMAD_JOB, props: { jobspec: "job {}", hcl2: {} } })).toEqual([]);
  });
});

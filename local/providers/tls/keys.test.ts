import { execFileSync } from "node:child_process";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as operations from "../operations";
import { secret } from "../wire";
import { create, ECDSA, keys, model, tool, types } from "./chain";

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

test.each([
  ["ECDSA on P224", { algorithm: "ECDSA" }, "EC PRIVATE KEY"],
  ["ECDSA on P384", keys.P384, "EC PRIVATE KEY"],
  ["RSA", keys.RSA, "RSA PRIVATE KEY"],
  ["ED25519", keys.ED25519, "PRIVATE KEY"],
])("%s has all its PEM forms", async (_name, args, label) => {
  const { plain, id } = await create("key", args);
  const [pem, pkcs8] = [plain["privateKeyPem"] as string, plain["privateKeyPemPkcs8"] as string];
  expect(pem.split("\n")[0]).toBe(`-----BEGIN ${label}-----`);
  expect(pkcs8.split("\n")[0]).toBe("-----BEGIN PRIVATE KEY-----");
  expect(createPrivateKey(pem).equals(createPrivateKey(pkcs8))).toBe(true);
  expect(createPublicKey(pem).equals(createPublicKey(plain["publicKeyPem"]))).toBe(true);
  const der = createPublicKey(pem).export({ type: "spki", format: "der" });
  expect(id).toBe(createHash("sha1").update(der).digest("hex"));
});

tool("ssh-keygen").each(Object.entries(keys))("%s is a key to OpenSSH, with its fingerprints", async (_name, args) => {
  const { plain } = await create("key", args);
  const keygen = (...parameters: string[]) => execFileSync("ssh-keygen", parameters, { encoding: "utf8" });
  const file = write("key", plain["privateKeyOpenssh"]);
  expect(keygen("-y", "-f", file)).toBe(plain["publicKeyOpenssh"]);
  expect(keygen("-l", "-f", file).split(" ")[1]).toBe(plain["publicKeyFingerprintSha256"]);
  expect(keygen("-l", "-E", "md5", "-f", file).split(" ")[1]).toBe(`MD5:${plain["publicKeyFingerprintMd5"]}`);
});

test("P224 has no form for OpenSSH", async () => {
  const { plain } = await create("key", { algorithm: "ECDSA" });
  expect(plain).toMatchObject({
    ecdsaCurve: "P224",
    rsaBits: 2048,
    privateKeyOpenssh: "",
    publicKeyOpenssh: "",
    publicKeyFingerprintMd5: "",
    publicKeyFingerprintSha256: "",
  });
});

test("its private forms are secret and no others are", async () => {
  const { outputs, plain } = await create("key", ECDSA);
  const secrets = Object.keys(outputs).filter((name) => typeof outputs[name] === "object");
  expect(secrets.sort()).toEqual(["privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"]);
  expect(outputs["privateKeyPem"]).toEqual(secret(plain["privateKeyPem"]));
});

test("what no key can be is refused by name", async () => {
  await expect(create("key", { algorithm: "DSA" })).rejects.toThrow(
    `${types.key}: algorithm: expected one of RSA, ECDSA, ED25519, got "DSA"`,
  );
  await expect(create("key", { ...ECDSA, ecdsaCurve: "P25" })).rejects.toThrow(
    'ecdsaCurve: expected one of P224, P256, P384, P521, got "P25"',
  );
  await expect(create("key", { algorithm: "RSA", rsaBits: 12 })).rejects.toThrow(
    "rsaBits: expected a whole number from 1024 on, got 12",
  );
  await expect(create("key", { ...ECDSA, opensshComment: "me" })).rejects.toThrow(
    `${types.key}: argument "opensshComment" is not modelled by the local provider`,
  );
});

test("every change replaces it", () => {
  expect(operations.diff(model("key"), ECDSA, keys.P384).changes).toEqual([
    { path: "ecdsaCurve", kind: "update", replaces: true },
  ]);
});

test("what was never made here cannot be imported", async () => {
  const operation = { type: types.key, name: "n" } as Parameters<typeof operations.read>[3];
  await expect(operations.read(model("key"), {}, { id: "x", state: {}, inputs: {} }, operation)).rejects.toThrow(
    `reading ${types.key} "n": it lives in the state alone, so it cannot be imported`,
  );
});

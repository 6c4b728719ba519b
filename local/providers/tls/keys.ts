import { createHash, createPrivateKey, createPublicKey, generateKeyPair, webcrypto, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { describe } from "../operations";
import type { Props } from "../wire";
import { opensshForms } from "./openssh";

export const algorithms = ["RSA", "ECDSA", "ED25519"] as const;
export const curves = ["P224", "P256", "P384", "P521"] as const;

/** How keys on each curve sign in certificates, by OpenSSL's names. Web Crypto, which signs them here, has no P224. */
const signing: Record<string, { readonly namedCurve: string; readonly hash: string }> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

/** A new key pair by the arguments of PrivateKey; gives the private key. */
export async function generate({ algorithm, rsaBits, ecdsaCurve }: Props): Promise<KeyObject> {
  const make = promisify(generateKeyPair);
  if (algorithm === "RSA") return (await make("rsa", { modulusLength: rsaBits })).privateKey;
  if (algorithm === "ED25519") return (await make("ed25519")).privateKey;
  return (await make("ec", { namedCurve: ecdsaCurve.replace("P", "P-") })).privateKey;
}

/** SHA-1 in hex: upstream's ids of what has no serial number. */
export const hashId = (der: Buffer): string => createHash("sha1").update(der).digest("hex");

/** The outputs of PrivateKey, and its id. Only privateKeyPem differs by algorithm: PKCS #1, SEC 1, and PKCS #8 for ED25519. */
export function keyOutputs(key: KeyObject): { id: string; outputs: Props } {
  const publicKey = createPublicKey(key);
  const type = ({ rsa: "pkcs1", ec: "sec1" } as const)[key.asymmetricKeyType as string] ?? "pkcs8";
  return {
    id: hashId(publicKey.export({ type: "spki", format: "der" })),
    outputs: {
      privateKeyPem: key.export({ type, format: "pem" }),
      privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }),
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
      ...opensshForms(key),
    },
  };
}

/** A private key that signs certificates. */
export interface Signer {
  readonly algorithm: (typeof algorithms)[number];
  readonly keys: webcrypto.CryptoKeyPair;
  readonly signingAlgorithm: { readonly name: string; readonly hash: string };
  /** The public key as SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
}

function parse(name: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new Error(`${name}: expected a private key in PEM, got none that can be read (${describe(error)})`, {
      cause: error,
    });
  }
}

/** Reads a PEM private key of any of the forms that PrivateKey gives. Throws by the argument's name, without the key. */
export async function signerOf(name: string, pem: string): Promise<Signer> {
  const key = parse(name, pem);
  const type = key.asymmetricKeyType;
  const curve = key.asymmetricKeyDetails?.namedCurve ?? "";
  const elliptic = signing[curve];
  if (type !== "rsa" && type !== "ed25519" && !(type === "ec" && elliptic))
    throw new Error(`${name}: expected RSA, ED25519, or ECDSA on P256, P384 or P521, got ${type} ${curve}`.trim());
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const algorithm =
    type === "rsa"
      ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
      : type === "ed25519"
        ? { name: "Ed25519", hash: "" }
        : { name: "ECDSA", ...elliptic! };
  return {
    algorithm: type === "rsa" ? "RSA" : type === "ed25519" ? "ED25519" : "ECDSA",
    keys: {
      privateKey: await webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]),
      publicKey: await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]),
    },
    signingAlgorithm: { name: algorithm.name, hash: algorithm.hash },
    spki,
  };
}

import { createHash, createPublicKey, randomBytes, type KeyObject } from "node:crypto";

/** What OpenSSH calls a key, from its JWK; P224 has no name there. */
const curveNames: Record<string, string> = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" };

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const text = (value: string | Buffer) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
};
/** A positive whole number as RFC 4251 has it: without leading zeros, but with one where the first bit would be a sign. */
const number = (value: Buffer) => {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? Buffer.alloc(0) : value.subarray(start);
  return text(digits[0] !== undefined && digits[0] > 0x7f ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
};

interface Parts {
  /** The wire form of the public key (RFC 4253, RFC 5656, RFC 8709). */
  readonly publicBlob: Buffer;
  readonly name: string;
  /** What the private section of `openssh-key-v1` holds after the key's name. */
  readonly privateFields: Buffer;
}

function partsOf(key: KeyObject): Parts {
  const jwk = key.export({ format: "jwk" });
  const field = (name: "n" | "e" | "d" | "p" | "q" | "qi" | "x" | "y") => Buffer.from(jwk[name] as string, "base64url");
  if (jwk.kty === "RSA") {
    const name = "ssh-rsa";
    const privateFields = Buffer.concat((["n", "e", "d", "qi", "p", "q"] as const).map((part) => number(field(part))));
    return { name, privateFields, publicBlob: Buffer.concat([text(name), number(field("e")), number(field("n"))]) };
  }
  if (jwk.kty === "EC") {
    const curve = curveNames[jwk.crv!]!;
    const name = `ecdsa-sha2-${curve}`;
    const point = Buffer.concat([text(curve), text(Buffer.concat([Buffer.from([4]), field("x"), field("y")]))]);
    const privateFields = Buffer.concat([point, number(field("d"))]);
    return { name, privateFields, publicBlob: Buffer.concat([text(name), point]) };
  }
  const name = "ssh-ed25519";
  const point = text(field("x"));
  const privateFields = Buffer.concat([point, text(Buffer.concat([field("d"), field("x")]))]);
  return { name, privateFields, publicBlob: Buffer.concat([text(name), point]) };
}

/** DER or another binary form as PEM with lines of 64 characters. */
export const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;

/** The file that `ssh-keygen` writes, not encrypted and without a comment (OpenSSH's PROTOCOL.key). */
function privateFile({ publicBlob, name, privateFields }: Parts): string {
  const check = randomBytes(4);
  const section = Buffer.concat([check, check, text(name), privateFields, text("")]);
  const padding = Buffer.from(Array.from({ length: (8 - (section.length % 8)) % 8 }, (_, index) => index + 1));
  const head = Buffer.concat([Buffer.from("openssh-key-v1\0"), text("none"), text("none"), text(""), uint32(1)]);
  return pem("OPENSSH PRIVATE KEY", Buffer.concat([head, text(publicBlob), text(Buffer.concat([section, padding]))]));
}

/** A private key's forms for OpenSSH, and its fingerprints; all are empty for P224, which OpenSSH does not have. */
export function opensshForms(key: KeyObject): Record<string, string> {
  const isUnknown = createPublicKey(key).asymmetricKeyDetails?.namedCurve === "secp224r1";
  const parts = isUnknown ? undefined : partsOf(key);
  const digest = (algorithm: string) => createHash(algorithm).update(parts!.publicBlob).digest();
  return {
    privateKeyOpenssh: parts ? privateFile(parts) : "",
    publicKeyOpenssh: parts ? `${parts.name} ${parts.publicBlob.toString("base64")}\n` : "",
    publicKeyFingerprintMd5: parts
      ? digest("md5")
          .toString("hex")
          .replace(/..(?=.)/g, "$&:")
      : "",
    publicKeyFingerprintSha256: parts ? `SHA256:${digest("sha256").toString("base64").replace(/=+$/, "")}` : "",
  };
}

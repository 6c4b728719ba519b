import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { ApiCall } from "./api-call";

/** A signature of version 4, of a request's header or of a presigned address. */
export interface Signature {
  readonly accessKeyId: string;
  /** What it was made for: day, region, service, `aws4_request`. */
  readonly scope: readonly string[];
  readonly signedHeaders: readonly string[];
  /** Hexadecimal. */
  readonly value: string;
  /** The form `20261123T122648Z`. */
  readonly time: string;
  readonly token?: string;
  /** Seconds for which a presigned address is good. */
  readonly seconds?: number;
}

type Signed = Pick<ApiCall, "method" | "path" | "headers" | "body" | "service">;

/** How far a clock may be off, in seconds. */
const CLOCK_SECONDS = 900;

/** The signature of a request, or nothing when it carries none of version 4. */
export function readSignature({ path, headers }: Pick<ApiCall, "path" | "headers">): Signature | undefined {
  const query = new URLSearchParams(path.split("?")[1] ?? "");
  const text = (name: string): string | undefined => headers[name]?.toString();
  const [algorithm = "", ...parts] = (headers.authorization ?? "").split(/[\s,]+/);
  const inHeader = new Map(parts.map((part) => part.split(/=(.*)/s) as [string, string]));
  const fields = query.has("X-Amz-Signature")
    ? {
        ...{ algorithm: query.get("X-Amz-Algorithm"), credential: query.get("X-Amz-Credential") },
        ...{ signedHeaders: query.get("X-Amz-SignedHeaders"), value: query.get("X-Amz-Signature") },
        ...{ time: query.get("X-Amz-Date"), token: query.get("X-Amz-Security-Token") ?? undefined },
        seconds: Number(query.get("X-Amz-Expires") ?? CLOCK_SECONDS),
      }
    : {
        ...{ algorithm, credential: inHeader.get("Credential") },
        ...{ signedHeaders: inHeader.get("SignedHeaders"), value: inHeader.get("Signature") },
        ...{ time: text("x-amz-date"), token: text("x-amz-security-token") },
      };
  const { credential, signedHeaders, value, time, ...rest } = fields;
  if (fields.algorithm !== "AWS4-HMAC-SHA256" || !credential || !signedHeaders || !value || !time) return undefined;
  const [accessKeyId = "", ...scope] = credential.split("/");
  if (scope.length !== 4) return undefined;
  const { token, seconds } = { seconds: undefined, ...rest };
  return { accessKeyId, scope, signedHeaders: signedHeaders.split(";"), value, time, token, seconds };
}

/** Whether the signature's time is still, or yet to be, taken. */
export function isTimely({ time, seconds }: Signature, now = new Date()): boolean {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? [];
  const age = (now.getTime() - Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)) / 1000;
  return age > -CLOCK_SECONDS && age < (seconds ?? CLOCK_SECONDS);
}

/**
 * Whether the request was signed with this secret key. S3 streams bodies: there the hash that the client declares stands for the
 * body. Host and all `x-amz-` headers have to be among those signed.
 */
export function isSignedWith(secretAccessKey: string, signature: Signature, request: Signed): boolean {
  const { scope, signedHeaders, time, value } = signature;
  const present = Object.keys(request.headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  if (scope[0] !== time.slice(0, 8) || !present.every((name) => signedHeaders.includes(name))) return false;
  const toSign = ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(canonicalRequest(signature, request))].join("\n");
  const key = scope.reduce<Buffer | string>((each, part) => hmac(each, part), `AWS4${secretAccessKey}`);
  const expected = hmac(key, toSign);
  const given = Buffer.from(value, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function canonicalRequest({ signedHeaders, seconds }: Signature, request: Signed): string {
  const [path = "/", query = ""] = request.path.split(/\?(.*)/s);
  const isS3 = request.service === "s3";
  // The path is encoded once more than it was for the wire, but not for S3.
  const segments = path.split("/").map((segment) => encode(isS3 ? decode(segment) : segment));
  const pairs = query
    .split("&")
    .filter((pair) => pair !== "" && !pair.startsWith("X-Amz-Signature="))
    .map((pair) => pair.split(/=(.*)/s))
    .map(([name = "", value = ""]) => [encode(decode(name)), encode(decode(value))] as const)
    .sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue));
  const headers = signedHeaders.map((name) => {
    const value = request.headers[name] ?? "";
    const text = Array.isArray(value) ? value.join(",") : value;
    return `${name}:${text.trim().replace(/ +/g, " ")}\n`;
  });
  const declared = seconds === undefined ? request.headers["x-amz-content-sha256"]?.toString() : "UNSIGNED-PAYLOAD";
  return [
    ...[request.method, segments.join("/"), pairs.map((pair) => pair.join("=")).join("&")],
    ...[headers.join(""), signedHeaders.join(";"), isS3 && declared ? declared : sha256(request.body)],
  ].join("\n");
}

const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Text that is not well encoded stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

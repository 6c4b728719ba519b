import { METHODS } from "node:http";

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface RandomRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const paths = ["/", "/health/live", "/health/ready", "/openapi.json", "/metrics", "//", "/%", "/..", "http://a/", "*"];
const pieces = [
  "/",
  "..",
  "%2e",
  "%00",
  "%",
  "%zz",
  "?",
  "&",
  "=",
  "#",
  ";",
  ":",
  "\\",
  "__proto__",
  "<script>",
  "é",
  "a",
];
const names = [
  "accept",
  "accept-version",
  "content-type",
  "content-length",
  "transfer-encoding",
  "connection",
  "expect",
];
const moreNames = [
  "x-request-id",
  "x-forwarded-for",
  "x-forwarded-host",
  "upgrade",
  "range",
  "cookie",
  "host",
  "x-any",
];
const values = [
  "",
  "0",
  "-1",
  "1e9",
  "close",
  "keep-alive",
  "chunked",
  "100-continue",
  "application/json",
  "text/html",
  "*/*",
];
const moreValues = [
  '"',
  "<script>",
  "a\tb",
  "é",
  "10.0.0.1",
  "__proto__",
  "a".repeat(300),
  "a".repeat(9000),
  "websocket",
];
const bodies = ["", "", "", "{", "{}", '{"__proto__":{"a":1}}', "a=b&a[b]=c", "0\r\n\r\n", "\0", "x".repeat(20_000)];

/** One of many requests: plain ones, odd ones and nonsense. */
export function randomRequest(random: () => number): RandomRequest {
  const below = (end: number): number => Math.floor(random() * end);
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const path = one(paths) + Array.from({ length: below(4) }, () => one(pieces)).join("");
  const headers = Array.from({ length: below(4) }, () => [
    one([...names, ...moreNames]),
    one([...values, ...moreValues]),
  ]);
  // Half of them GET: the others are all answered alike.
  const method = random() < 0.5 ? "GET" : one(METHODS.filter((name) => name !== "CONNECT"));
  return { method, path, headers: Object.fromEntries(headers) as Record<string, string>, body: one(bodies) };
}

/** The bytes of a request, some of them exchanged for others, left out, or said twice. */
export function mangledBytes({ method, path, headers, body }: RandomRequest, random: () => number): string {
  const lines = [`${method} ${path} HTTP/1.1`, "host: a", ...Object.entries(headers).map((pair) => pair.join(": "))];
  let bytes = `${lines.join("\r\n")}\r\n\r\n${body}`;
  for (let count = Math.floor(random() * 4); count > 0; count--) {
    const at = Math.floor(random() * bytes.length);
    const length = Math.floor(random() * 4);
    const instead = [String.fromCharCode(random() * 256), "", bytes.slice(at, at + 40), "\r\n", "\n"];
    bytes = bytes.slice(0, at) + instead[Math.floor(random() * instead.length)] + bytes.slice(at + length);
  }
  return bytes;
}

import type { IncomingMessage } from "node:http";

/** The size of a request. */
export const limits = {
  /** Bytes of the request line and all headers together; more is 431. Half of Node's own limit. */
  headerBytes: 8 * 1024,
  /** Lines of headers; more is 431. */
  headerLines: 100,
  /** Bytes of path and query; more is 414. */
  urlLength: 1024,
  /** After as many, a connection is closed. */
  requestsPerSocket: 1000,
} as const;

/** The status to refuse a request with before anything of it is used; undefined when it is to be served. */
export function refusal({ httpVersion, method, url = "", headers, rawHeaders }: IncomingMessage): number | undefined {
  if (url.length > limits.urlLength) return 414;
  if (rawHeaders.length / 2 > limits.headerLines) return 431;
  // Node reads HTTP/0.9 and a written-out HTTP/2.0 as if they were 1.1.
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return 400;
  // A path, or a URL as proxies are asked for; `*` is for OPTIONS alone.
  if (!/^(\/|https?:\/\/)/i.test(url)) return 400;
  // With two, Node keeps the first, another server may have heeded the last (RFC 9112, 3.2).
  const hosts = rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === "host").length;
  if (hosts > 1 || (hosts === 0 && httpVersion === "1.1")) return 400;
  if (method !== "GET" && method !== "HEAD") return 405;
  const hasBody = headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
  return hasBody ? 413 : undefined;
}

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";

export const requestIdHeader = "x-request-id";

// Nothing that could forge a log line or a header.
const acceptable = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's id where it has a plain one, so that one request can be followed through all services; else a new id. */
export function requestId(request: IncomingMessage | Http2ServerRequest): string {
  const given = request.headers[requestIdHeader];
  return typeof given === "string" && acceptable.test(given) ? given : randomUUID();
}

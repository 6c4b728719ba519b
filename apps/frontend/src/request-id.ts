import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";

export const requestIdHeader = "x-request-id";
export const traceHeader = "x-amzn-trace-id";

// Nothing that could forge a log line or a header.
const acceptable = /^[A-Za-z0-9._-]{1,64}$/;
const id = "1-[0-9a-f]{8}-[0-9a-f]{24}";
const acceptableTrace = new RegExp(`^(Self=${id};)?Root=${id}$`);

/** The caller's id where it has a plain one, so that one request can be followed through all services; else a new id. */
export function requestId(request: IncomingMessage | Http2ServerRequest): string {
  const given = request.headers[requestIdHeader];
  return typeof given === "string" && acceptable.test(given) ? given : randomUUID();
}

/** What the load balancer calls the request in its own log, where it has the load balancer's form; a visitor may have written it too. */
export function traceId({ headers }: IncomingMessage | Http2ServerRequest): string | undefined {
  const given = headers[traceHeader];
  return typeof given === "string" && acceptableTrace.test(given) ? given : undefined;
}

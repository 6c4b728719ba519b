/**
 * Every wait of this process has an end; all in milliseconds.
 *
 * keepAlive must outlast the idle time of whoever keeps connections to us (Traefik: 60 s), or a request can be written
 * to a connection that is just being closed.
 */
export const timeouts = {
  keepAlive: 75_000,
  /** To receive the headers of a request, from the connection's start or the request's first byte. */
  headers: 5_000,
  /** To receive a whole request, headers and body. */
  request: 10_000,
  /** Between two looks for requests that are late by the two above. */
  check: 1_000,
  /** Without a byte in either direction while a request is under way. A route that waits for others sets `handlerTimeout`, which is shorter. */
  connection: 15_000,
  /** To finish what is under way after SIGTERM. Nomad's kill_timeout must be longer still. */
  close: 3_000,
} as const;

/** Those of a server, which a test may shorten. */
export type HttpTimeouts = Readonly<Record<"keepAlive" | "headers" | "request" | "check" | "connection", number>>;

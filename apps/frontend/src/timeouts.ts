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
  /** Without a byte in either direction while a request is under way: longer than `handler`. */
  connection: 15_000,
  /** The page, from routing to the reply: longer than the longest look-up and the whole request to the backend together. */
  handler: 5_000,
  /** To finish what is under way after SIGTERM: longer than `handler`. Nomad's kill_timeout must be longer still. */
  close: 6_000,

  /** One try at one server of Consul DNS (the second waits twice as long). */
  dnsTry: 500,
  /** To connect to an instance of the backend, which is in the same region: a worker that has vanished doesn't even refuse. */
  backendConnect: 1_000,
  /** After as long without an answer another instance is asked too: many times what a backend takes, and no visitor minds it. */
  backendSilence: 250,
  /** All attempts at the backend for one request. With a look-up before it, less than `handler`. */
  backend: 4_000,
  /** A connection to an instance that nobody uses: far below the 75 s after which the backend closes it. */
  backendIdle: 10_000,
} as const;

/** Those of a server, which a test may shorten. */
export type HttpTimeouts = Readonly<
  Record<"keepAlive" | "headers" | "request" | "check" | "connection" | "handler", number>
>;

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionError, FastifyInstance } from "fastify";

const statuses: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** Answers what could not be read as a request (400), came too slowly (408) or with too much (431), and hangs up. */
export function clientErrorHandler(headers: Readonly<Record<string, string>>) {
  return function (this: FastifyInstance, { code }: ConnectionError, socket: Socket): void {
    // The code alone: the error carries what was received.
    this.log.debug({ code }, "unreadable request");
    if (code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = statuses[code] ?? 400;
    const body = `${STATUS_CODES[status]}\n`;
    const all = {
      ...headers,
      connection: "close",
      "content-type": "text/plain; charset=utf-8",
      "content-length": body.length,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
  };
}

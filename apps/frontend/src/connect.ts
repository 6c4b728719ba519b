import * as net from "node:net";
import { errors, type buildConnector } from "undici";

/**
 * Connects within so many milliseconds, or fails. undici's own time-out may be a second late, as its clock ticks twice a second: as many
 * requests as come in that second would wait for an instance whose worker has vanished.
 */
export function connectWithin(ms: number, connect: typeof net.connect = net.connect): buildConnector.connector {
  return ({ hostname, port }, callback) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const fail = (error: Error) => callback(error, null);
    socket.setTimeout(ms, () => socket.destroy(new errors.ConnectTimeoutError(`no connection within ${ms} ms`)));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeListener("error", fail);
      callback(null, socket);
    });
  };
}

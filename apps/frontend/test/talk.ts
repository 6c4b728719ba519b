import net from "node:net";
import type { FastifyInstance } from "fastify";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Listens on a free port of the loopback interface, and gives the port. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as net.AddressInfo).port;
}

/** Each answer to bytes that are written as they are (Latin-1): see `exchange`. Not for HEAD, which has lengths without bodies. */
export async function talk(port: number, bytes: string): Promise<readonly Answer[]> {
  return answersIn(await exchange(port, bytes));
}

/**
 * Writes bytes over a connection of its own, and gives all that came back once the other side has closed it. With `end`
 * it says that no more will come. Rejects when the connection stays open for 5 s. `host` is the loopback interface's unless given.
 */
export async function exchange(port: number, bytes: string, { end = false, host = "127.0.0.1" } = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const socket = net.connect(port, host);
    socket.setTimeout(5000, () => socket.destroy(new Error(`left open: ${JSON.stringify(bytes).slice(0, 200)}`)));
    socket.write(bytes, "latin1");
    if (end) socket.end();
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // A reset is how a refused sender learns that nobody reads on.
      if (!/^(ECONNRESET|EPIPE)$/.test(error.code ?? "")) reject(error);
    });
    socket.on("close", () => resolve());
  });
  return Buffer.concat(chunks);
}

function answersIn(bytes: Buffer): readonly Answer[] {
  const answers: Answer[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const end = rest.indexOf("\r\n\r\n");
    const [first = "", ...lines] = rest.toString("latin1", 0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (end < 0 || Number.isNaN(status)) throw new Error(`not an answer: ${rest.toString("latin1").slice(0, 200)}`);
    const pairs = lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]);
    const headers = Object.fromEntries(pairs) as Record<string, string>;
    // The one answer that is sent in chunks has none but the last: Node's own, without a body.
    const length = headers["transfer-encoding"] === "chunked" ? "0\r\n\r\n".length : Number(headers["content-length"]);
    answers.push({ status, headers, body: rest.toString("utf8", end + 4, end + 4 + length) });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

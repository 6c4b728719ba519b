import * as http from "node:http";
import type { ApiResponse } from "./api-call";

/** Headers that belong to one connection, not to the message. */
const hopByHop = ["connection", "keep-alive", "transfer-encoding", "upgrade", "expect", "proxy-connection"];

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function endToEnd(headers: http.IncomingHttpHeaders): Record<string, string | string[]> {
  const entries = Object.entries(headers).filter(([name, value]) => value !== undefined && !hopByHop.includes(name));
  return Object.fromEntries(entries) as Record<string, string | string[]>;
}

export async function readBody(message: http.IncomingMessage, limit = 64 * 2 ** 20): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new Error(`a request body is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Sends one whole message to a local port and reads the whole answer. */
export function ask(port: number, message: http.IncomingMessage, body: Buffer): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const { method, url: path } = message;
    const headers = { ...endToEnd(message.headers), "content-length": String(body.length) };
    const request = http.request({ host: "127.0.0.1", port, method, path, headers, agent }, (response) => {
      readBody(response).then(
        (received) =>
          resolve({ status: response.statusCode ?? 502, headers: endToEnd(response.headers), body: received }),
        reject,
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Passes a message and its answer through as they come: for bodies that can be large. */
export function passThrough(port: number, message: http.IncomingMessage, response: http.ServerResponse): void {
  const { method, url: path } = message;
  const isChunked = message.headers["transfer-encoding"] !== undefined;
  const headers = { ...endToEnd(message.headers), ...(isChunked ? { "transfer-encoding": "chunked" } : {}) };
  const request = http.request({ host: "127.0.0.1", port, method, path, headers, agent }, (upstream) => {
    response.writeHead(upstream.statusCode ?? 502, endToEnd(upstream.headers));
    upstream.pipe(response);
    upstream.on("error", () => response.destroy());
  });
  request.on("error", (error) => {
    if (response.headersSent) return response.destroy();
    response.writeHead(502, { "content-type": "text/plain" }).end(error.message);
  });
  response.on("close", () => request.destroy());
  message.pipe(request);
}

export function reply(response: http.ServerResponse, { status, headers, body }: ApiResponse): void {
  // A HEAD answer keeps the length of the body that it stands for.
  const length = response.req.method === "HEAD" ? {} : { "content-length": String(body.length) };
  response.writeHead(status, { ...headers, ...length }).end(body);
}

import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** How an instance behaves; "hang" accepts and never answers, as when its process is stopped; "answer late" takes LATE_MS. */
export type Behaviour =
  "answer" | "answer late" | "hang" | "reset" | "refuse" | "answer HTML" | "answer as another service";

export const LATE_MS = 600;

/** An HTTP server that answers as the backend does, and can be told to misbehave. */
export class FakeBackend {
  behaviour: Behaviour = "answer";
  greeting = "Hello";
  /** Answers instead of any behaviour. */
  reply?: (response: http.ServerResponse) => void;
  /** Requests to `/`. */
  requests = 0;
  readonly requestIds: unknown[] = [];
  readonly traces: unknown[] = [];

  private constructor(
    readonly id: string,
    readonly address: string,
    private readonly server: http.Server,
  ) {}

  /** On the given port, else on a free one; of the loopback interface, whose addresses are as many hosts. */
  static async start(id: string, { port = 0, address = "127.0.0.1" } = {}): Promise<FakeBackend> {
    const server = http.createServer({ keepAliveTimeout: 75_000 });
    server.listen(port, address);
    await once(server, "listening");
    const backend = new FakeBackend(id, address, server);
    server.on("request", (request, response) => backend.handle(request, response));
    return backend;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get authority(): string {
    return `${this.address}:${this.port}`;
  }

  /** As when its process is killed: every connection ends, the port refuses. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private handle(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.url === "/") {
      this.requests++;
      this.requestIds.push(request.headers["x-request-id"]);
      this.traces.push(request.headers["x-amzn-trace-id"]);
    }
    if (this.reply) {
      this.reply(response);
      return;
    }
    switch (this.behaviour) {
      case "hang":
        return;
      case "reset":
        request.socket.resetAndDestroy();
        return;
      case "refuse":
        response.writeHead(503).end();
        return;
      case "answer HTML":
        response.writeHead(200, { "content-type": "text/html" }).end("<h1>It works!</h1>");
        return;
      default: {
        const service = this.behaviour === "answer as another service" ? "another" : "backend";
        const instance = { id: this.id, host: "worker-1", address: this.authority };
        const values = { service, environment: "test", greeting: this.greeting, instance };
        const answer = () =>
          response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(values));
        if (this.behaviour === "answer late") setTimeout(answer, LATE_MS);
        else answer();
      }
    }
  }
}

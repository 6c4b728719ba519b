import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import type { Access } from "./access";
import type { AnswerContext, Answers } from "./answers";
import { changes, errorResponse, readCall, serviceOf, type ApiCall, type ApiResponse } from "./api-call";
import type { Certificates } from "./certificates";
import { ask, passThrough, readBody, reply } from "./proxy";
import { isRegistryHost, type RegistryGate } from "./registry";
import { RELEASES_HOST, serveRelease } from "./releases";

export interface FrontSettings {
  readonly motoPort: number;
  readonly answers: Answers;
  readonly context: AnswerContext;
  readonly registry: RegistryGate;
  /** Folder of the mirror of releases. */
  readonly releases: string;
  readonly access: Pick<Access, "refusal">;
  /** The cloud's region: a service of this one pokes the hypervisor. */
  readonly region: string;
}

/** Services whose state the hypervisor turns into things. */
const poking = ["ec2", "autoscaling", "elasticloadbalancing"];

/** The AWS API, the registry and the mirror of releases, as HTTP requests reach them: what this cloud adds, and moto behind it. */
export class Front {
  constructor(private readonly settings: FrontSettings) {}

  /** Serves the machine: plain HTTP, no token for the registry. Resolves with the port. */
  listenPlain(port: number, host = "0.0.0.0"): Promise<{ port: number; server: http.Server }> {
    const server = http.createServer((request, response) => this.serve(request, response, false));
    return listening(server, port, host);
  }

  /** Serves the VPCs: TLS under AWS's names. */
  listenTls(
    port: number,
    certificates: Certificates,
    host = "0.0.0.0",
  ): Promise<{ port: number; server: http.Server }> {
    const SNICallback: https.ServerOptions["SNICallback"] = (name, done) =>
      void certificates.context(name).then(
        (context) => done(null, context),
        (error: Error) => done(error),
      );
    const server = https.createServer({ SNICallback }, (request, response) => this.serve(request, response, true));
    return listening(server, port, host);
  }

  private serve(request: http.IncomingMessage, response: http.ServerResponse, fromVpc: boolean): void {
    this.route(request, response, fromVpc).catch((error: Error) => {
      this.settings.context.log(`${request.method} ${request.url}: ${error.stack ?? error.message}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { "content-type": "text/plain" }).end(error.message);
    });
  }

  private async route(request: http.IncomingMessage, response: http.ServerResponse, fromVpc: boolean): Promise<void> {
    const { url = "/", headers } = request;
    const { access, context, motoPort, registry, releases } = this.settings;
    if (headers.host === RELEASES_HOST) return serveRelease(releases, request, response);
    if (url.startsWith("/v2/") || isRegistryHost(headers.host ?? ""))
      return registry.handle(request, response, fromVpc);
    if (!fromVpc && url === "/_cloud/health") return void response.end("ready\n");
    if (!fromVpc && url === "/_cloud/settle") {
      await context.hypervisor.settle();
      return void response.end("settled\n");
    }
    // Objects can be large, and nothing is added to S3: its calls are judged and passed on without their bodies.
    const isS3 = serviceOf(url, headers)?.service === "s3";
    const call = readCall(request.method ?? "GET", url, headers, isS3 ? Buffer.alloc(0) : await readBody(request));
    const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:/, "");
    const refusal = await access.refusal(call, { address, isTls: fromVpc });
    if (refusal === undefined && isS3) return passThrough(motoPort, request, response);
    request.resume();
    reply(response, refusal ?? (await this.answer(call, request)));
  }

  private async answer(call: ApiCall, request: http.IncomingMessage): Promise<ApiResponse> {
    const { answers, context, motoPort, region } = this.settings;
    const answer = answers[`${call.service}:${call.action}`];
    let response = await answer?.before?.(call, context);
    if (response === undefined) {
      response = understandable(call, await ask(motoPort, request, call.body));
      // Before the answer is edited: it shows what the hypervisor makes of the call.
      if (changes(call) && call.region === region && poking.includes(call.service)) context.hypervisor.poke();
      response = (await answer?.after?.(call, response, context)) ?? response;
    }
    return response;
  }
}

/** moto answers a call that it does not model with a page in HTML, which no client can read. */
function understandable(call: ApiCall, response: ApiResponse): ApiResponse {
  const isPage = String(response.headers["content-type"] ?? "").startsWith("text/html");
  if (response.status < 500 || !isPage || call.action === "") return response;
  const name = `${call.service}:${call.action}`;
  const message = `${name} is not modelled by this cloud, or failed in it with these parameters: see its log`;
  return errorResponse(call, 501, "NotImplemented", message);
}

function listening(server: http.Server, port: number, host: string): Promise<{ port: number; server: http.Server }> {
  // Consul and the SDKs keep connections open for longer than Node's five seconds.
  server.keepAliveTimeout = 65_000;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port, server }));
  });
}

import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { FastifyServerOptions } from "fastify";
import { clientErrorHandler } from "./client-errors";
import { limits, refusal } from "./limits";
import { requestId, requestIdHeader, traceId } from "./request-id";
import { RequestLog } from "./request-log";
import { timeouts as defaults, type HttpTimeouts } from "./timeouts";

export interface HttpServerOptions {
  /** Default: no log. */
  readonly logger?: FastifyServerOptions["logger"];
  /** Sent with every answer, whoever makes it: a route, an error, Fastify, Node. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body for an error, by its status from 400 to 599 and never by its message. May set the content type. */
  readonly errorBody: (status: number, request: FastifyRequest, reply: FastifyReply) => unknown;
  readonly timeouts?: Partial<HttpTimeouts>;
}

declare module "fastify" {
  interface FastifyInstance {
    /** From now on not ready: whoever asks `/health/ready` stops sending requests; those that come are still served, each as the last of its connection. */
    drain(): void;
    readonly isDraining: boolean;
  }
}

/**
 * A server that answers GET and HEAD without a body, within limits of size and time. What it refuses it answers by a
 * status and closes the connection; why is in the log, with the id that the caller has.
 */
export function createHttpServer({ logger = false, headers, errorBody, ...options }: HttpServerOptions) {
  const timeouts = { ...defaults, ...options.timeouts };
  const always: OutgoingHttpHeaders = { ...headers };

  const answerError = async (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const given = error.statusCode ?? 500;
    const status = given >= 400 && given < 500 ? given : given === 503 ? 503 : 500;
    if (status === 500) request.log.error(error, "unexpected error");
    else request.log[status === 503 ? "warn" : "info"]({ reason: error.message }, "refused");
    return reply.code(status).send(await errorBody(status, request, reply));
  };

  const app: FastifyInstance = Fastify({
    logger,
    logController: new RequestLog(),
    genReqId: requestId,
    childLoggerFactory: (log, bindings, childOptions, request) => {
      const trace = traceId(request);
      return log.child(trace === undefined ? bindings : { ...bindings, trace }, childOptions);
    },
    keepAliveTimeout: timeouts.keepAlive,
    requestTimeout: timeouts.request,
    connectionTimeout: timeouts.connection,
    maxRequestsPerSocket: limits.requestsPerSocket,
    // Whoever still comes while this process closes is served: a 503 from here would be a visitor's.
    return503OnClosing: false,
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: timeouts.headers,
      connectionsCheckingInterval: timeouts.check,
      // `refusal` does, with an answer like all others.
      requireHostHeader: false,
      // Not a hook: several answers, such as those to a path that cannot be decoded, come from before all hooks.
      ServerResponse: responseWith(always),
    },
    clientErrorHandler: clientErrorHandler(headers),
    frameworkErrors: (error, request, reply) => {
      reply.header(requestIdHeader, request.id);
      void answerError(error, request as FastifyRequest, reply as FastifyReply);
    },
  });

  let draining = false;
  app.decorate("isDraining", { getter: () => draining });
  app.decorate("drain", () => {
    draining = true;
    // Else a kept connection would bring the next request to a process that is about to end, and keep it from ending.
    always["connection"] = "close";
  });
  // By default Node asks for the body that is to be refused, and answers other expectations by itself.
  app.server.on("checkContinue", app.routing).on("checkExpectation", app.routing);
  app.addHook("onRequest", (request, reply, done) => {
    reply.header(requestIdHeader, request.id);
    const status = refusal(request.raw);
    if (status === undefined) return done();
    reply.header("connection", "close");
    if (status === 405) reply.header("allow", "GET, HEAD");
    throw Object.assign(new Error(`refused with ${status}`), { statusCode: status });
  });
  app.setNotFoundHandler(async (request, reply) => reply.code(404).send(await errorBody(404, request, reply)));
  app.setErrorHandler(answerError);
  return app;
}

type Given = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** Its answers have these headers, unless they have others of the same names. */
function responseWith(headers: OutgoingHttpHeaders): typeof ServerResponse {
  return class extends ServerResponse {
    // With the answer's own, all at once: those that are set one by one Node keeps, and goes through once more.
    override writeHead(status: number, reason?: string | Given, given?: Given): this {
      if (typeof reason === "string") return super.writeHead(status, reason, this.#all(given));
      return super.writeHead(status, this.#all(reason));
    }

    /** As a list, which Node writes in a third of the time that it takes for an object. Neither Fastify nor Node gives them as one. */
    #all(given: Given = {}): OutgoingHttpHeader[] {
      const own = given as OutgoingHttpHeaders;
      const all: OutgoingHttpHeader[] = [];
      // Fastify sets none by then, and to ask for each takes longer than all the rest.
      const some = this.getHeaderNames().length > 0;
      for (const name in headers) {
        if (own[name] === undefined && !(some && this.hasHeader(name))) all.push(name, headers[name]!);
      }
      for (const name in own) all.push(name, own[name]!);
      return all;
    }
  } as typeof ServerResponse;
}

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { style } from "../page";

/** Every error as a page that says what a visitor can use: never a stack, which is for the log. */
export function answerErrors(app: FastifyInstance): void {
  const show = (request: FastifyRequest, reply: FastifyReply, status: number, heading: string) => {
    reply.code(status).header("cache-control", "no-store");
    return reply.viewAsync("error.eta", { style, heading, requestId: request.id });
  };

  app.setNotFoundHandler((request, reply) => show(request, reply, 404, "There is no such page"));

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 503) return show(request, reply, status, "Too busy: please try again in a moment");
    if (status >= 400 && status < 500) return show(request, reply, status, "This request cannot be answered");
    request.log.error(error, "unexpected error");
    return show(request, reply, 500, "Something went wrong here");
  });
}

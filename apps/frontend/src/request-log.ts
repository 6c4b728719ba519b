import { LogController, type FastifyReply, type FastifyRequest } from "fastify";

/**
 * One line for each request, when it is over. Fastify's own two cost more than the answer: what is written here, Docker, the journal and
 * CloudWatch handle once more each.
 */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const line = { req: request, res: reply, responseTime: reply.elapsedTime };
    if (error) reply.log.error({ ...line, err: error }, "request errored");
    else reply.log.info(line, "request completed");
  }
}

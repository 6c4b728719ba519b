import { LogController, type FastifyReply, type FastifyRequest } from "fastify";

/**
 * One line for each request, when it is over, where Fastify by itself writes two: Docker, the journal and CloudWatch handle each line once
 * more.
 */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const line = { req: request, res: reply, responseTime: Math.round(reply.elapsedTime * 1_000) / 1_000 };
    if (error) reply.log.error({ ...line, err: error }, "request errored");
    else reply.log.info(line, "request completed");
  }
}

import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";

const Health = Type.Object({ status: Type.Enum(["ok", "draining", "overloaded"]) });

/**
 * `/health/live`: the process answers; when it does not, only a restart helps. It answers under load too, for a busy
 * instance must not be killed.
 * `/health/ready`: send requests here. 503 while the instance drains, and (by under-pressure) while it is overloaded.
 */
export const health: FastifyPluginAsyncTypebox = async (app) => {
  // Asked every second or two by every agent: not worth a log line each.
  const logLevel = "warn";
  const schema = { tags: ["health"], response: { 200: Health, 503: Health } };

  app.get("/health/live", { logLevel, schema, config: { pressureHandler: () => {} } }, async () => {
    return { status: "ok" as const };
  });

  const overloaded = (_request: FastifyRequest, reply: FastifyReply) => {
    reply.code(503);
    return { status: "overloaded" };
  };
  app.get("/health/ready", { logLevel, schema, config: { pressureHandler: overloaded } }, async (_request, reply) => {
    return app.isDraining ? reply.code(503).send({ status: "draining" }) : { status: "ok" as const };
  });
};

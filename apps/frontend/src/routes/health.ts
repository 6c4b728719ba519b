import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Discovery } from "../discovery/discovery";

const Health = Type.Object({ status: Type.Enum(["ok", "starting", "draining", "overloaded"]) });

/**
 * `/health/live`: the process answers; when it does not, only a restart helps. It answers under load too, for a busy
 * instance must not be killed.
 * `/health/ready`: send requests here. 503 until DNS has answered once, while the instance drains, and (by under-pressure) while it
 * is overloaded. That DNS fails later is no reason: the instance goes on with what it knows.
 */
export const health: FastifyPluginAsyncTypebox<{ discovery: Discovery }> = async (app, { discovery }) => {
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
    if (app.isDraining) return reply.code(503).send({ status: "draining" });
    return (await discovery.hasAnswered()) ? { status: "ok" as const } : reply.code(503).send({ status: "starting" });
  });
};

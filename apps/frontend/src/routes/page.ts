import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { BackendClient } from "../backend-client";
import type { Env } from "../env";
import { pageModel } from "../page";
import { traceId } from "../request-id";

export interface PageOptions {
  readonly env: Env;
  readonly client: BackendClient;
  /** The name that the client looks up. */
  readonly name: string;
  /** From routing to the reply. */
  readonly timeoutMs: number;
}

/** `GET /`: the page. 503 with the page, saying why, when there are no values of the backend to show. */
export const page: FastifyPluginAsyncTypebox<PageOptions> = async (app, { env, client, name, timeoutMs }) => {
  app.get("/", { handlerTimeout: timeoutMs }, async (request, reply) => {
    const result = await client.values(request.id, traceId(request.raw));
    if (result.outcome !== "answered") {
      request.log.warn({ result }, "no values from the backend");
      reply.code(503).header("retry-after", "2");
    }
    const isCooling = client.coolDown.isCooling.bind(client.coolDown);
    return reply.viewAsync("page.eta", pageModel({ env, requestId: request.id, name, result, isCooling }));
  });
};

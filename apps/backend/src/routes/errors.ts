import { STATUS_CODES } from "node:http";
import type { FastifyRequest } from "fastify";

/** Every error as JSON: what the status means, and the id to find the reason by in the log. */
export function errorBody(statusCode: number, request: FastifyRequest) {
  return { statusCode, error: STATUS_CODES[statusCode], requestId: request.id };
}

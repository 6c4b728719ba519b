import type { FastifyReply, FastifyRequest } from "fastify";
import { style } from "../page";

const headings: Readonly<Record<number, string>> = {
  404: "There is no such page",
  500: "Something went wrong here",
  503: "Too busy: please try again in a moment",
};

/** Every error as a page that says what a visitor can use: never a stack, which is for the log. */
export function errorBody(status: number, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  reply.type("text/html; charset=utf-8");
  const heading = headings[status] ?? "This request cannot be answered";
  return request.server.view("error.eta", { style, heading, requestId: request.id });
}

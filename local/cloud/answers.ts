import type { ApiCall, ApiResponse } from "./api-call";
import type { Clients } from "./clients";
import type { Hypervisor } from "./types";

/** What an answer may use. */
export interface AnswerContext {
  readonly clients: Clients;
  readonly hypervisor: Hypervisor;
  log(line: string): void;
}

/** What this cloud adds to moto's answer to one action. */
export interface Answer {
  /** Answers in place of moto, or lets the call pass by returning nothing. */
  before?(call: ApiCall, context: AnswerContext): Promise<ApiResponse | undefined>;
  /** Gives the response that the caller gets, from moto's. */
  after?(call: ApiCall, response: ApiResponse, context: AnswerContext): Promise<ApiResponse>;
}

/** Answers by `service:Action`. */
export type Answers = Readonly<Record<string, Answer>>;

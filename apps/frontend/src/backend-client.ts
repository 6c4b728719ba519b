import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { Agent, request } from "undici";
import { connectWithin } from "./connect";
import { CoolDown } from "./discovery/cool-down";
import { type Answer, type Discovery } from "./discovery/discovery";
import { authority, type Instance } from "./discovery/instance";
import { LookupError } from "./discovery/srv";
import { requestIdHeader, traceHeader } from "./request-id";
import { timeouts } from "./timeouts";

// An instance's longest text: that it is one of ours is not known before it is read.
const Text = Type.String({ maxLength: 1000 });

/** What this page needs of the backend's answer; more may come. */
const BackendValues = Type.Object({
  service: Type.Literal("backend"),
  environment: Text,
  greeting: Text,
  instance: Type.Object({ id: Text, host: Text, address: Text }),
});
export type BackendValues = Static<typeof BackendValues>;

/** An attempt that failed: where, and why in a word such as CONNREFUSED, TIMEOUT, HTTP 503 or MALFORMED. */
export interface Failure {
  readonly instance: Instance;
  readonly reason: string;
}

export type BackendResult =
  | {
      readonly outcome: "answered";
      readonly values: BackendValues;
      readonly instance: Instance;
      readonly discovery: Answer;
      readonly failures: readonly Failure[];
    }
  /** The registry knows of no instance that passes its checks. */
  | { readonly outcome: "none-registered"; readonly discovery: Answer; readonly failures: readonly Failure[] }
  /** There are instances, none of them answered in time. */
  | { readonly outcome: "none-answered"; readonly discovery: Answer; readonly failures: readonly Failure[] }
  /** DNS fails, and has never answered since this process started. */
  | { readonly outcome: "discovery-failed"; readonly code: string };

export interface BackendClientOptions {
  readonly discovery: Discovery;
  readonly coolDown?: CoolDown;
  /** Attempts for one request, the first included. Default 3. */
  readonly attempts?: number;
  /** Called once for each attempt, with "ok" or the reason why it failed. */
  readonly onAttempt?: (outcome: string) => void;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

const maxResponseSize = 64 * 1024;

/** GETs the backend's values from whichever instance answers. Never throws for anything that the network does. */
export class BackendClient {
  readonly coolDown: CoolDown;
  private readonly options: Required<Omit<BackendClientOptions, "coolDown">>;
  private readonly agent = new Agent({
    connect: connectWithin(timeouts.backendConnect),
    keepAliveTimeout: timeouts.backendIdle,
    keepAliveMaxTimeout: timeouts.backendIdle,
    connections: 32,
    maxResponseSize,
  });

  constructor({ coolDown = new CoolDown(), ...options }: BackendClientOptions) {
    this.coolDown = coolDown;
    this.options = { attempts: 3, onAttempt: () => {}, random: Math.random, ...options };
  }

  /** With the ids under which the request is in the logs. */
  async values(requestId: string, trace?: string): Promise<BackendResult> {
    const { discovery, attempts, onAttempt } = this.options;
    const deadline = AbortSignal.timeout(timeouts.backend);
    const failures: Failure[] = [];
    try {
      let answer = await discovery.resolve();
      while (failures.length < attempts && !deadline.aborted) {
        if (answer.source === "cached" && answer.instances.every((instance) => tries(failures, instance) > 0)) {
          // All that were known a moment ago have failed: their successors may have been registered since.
          answer = await discovery.resolve({ renew: true });
        }
        const instance = this.choose(answer.instances, failures);
        if (!instance) return { outcome: "none-registered", discovery: answer, failures };
        try {
          const ids = { [requestIdHeader]: requestId, ...(trace === undefined ? {} : { [traceHeader]: trace }) };
          const values = await this.get(instance, ids, deadline);
          this.coolDown.succeeded(instance);
          onAttempt("ok");
          return { outcome: "answered", values, instance, discovery: answer, failures };
        } catch (error) {
          const reason = reasonOf(error);
          this.coolDown.failed(instance);
          onAttempt(reason);
          failures.push({ instance, reason });
        }
      }
      return { outcome: "none-answered", discovery: answer, failures };
    } catch (error) {
      if (error instanceof LookupError) return { outcome: "discovery-failed", code: error.code };
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  /** By chance among those tried least in this request, and of these rather one that did not fail lately. */
  private choose(instances: readonly Instance[], failures: readonly Failure[]): Instance | undefined {
    const cost = (instance: Instance): number =>
      2 * tries(failures, instance) + (this.coolDown.isCooling(instance) ? 1 : 0);
    const least = Math.min(...instances.map(cost));
    const candidates = instances.filter((instance) => cost(instance) === least);
    return candidates[Math.floor(this.options.random() * candidates.length)];
  }

  private async get(
    instance: Instance,
    ids: Readonly<Record<string, string>>,
    deadline: AbortSignal,
  ): Promise<BackendValues> {
    const { statusCode, body } = await request(`http://${authority(instance)}/`, {
      dispatcher: this.agent,
      headers: { accept: "application/json", ...ids },
      signal: AbortSignal.any([deadline, AbortSignal.timeout(timeouts.backendAttempt)]),
    });
    if (statusCode !== 200) {
      await body.dump({ limit: maxResponseSize });
      throw new Refusal(`HTTP ${statusCode}`);
    }
    const values: unknown = await body.json();
    // An address may have passed to another program since it was registered.
    if (!Value.Check(BackendValues, values)) throw new Refusal("MALFORMED");
    return values;
  }
}

/** The instance answered, but not with the values. */
class Refusal extends Error {}

function tries(failures: readonly Failure[], instance: Instance): number {
  return failures.filter((failure) => authority(failure.instance) === authority(instance)).length;
}

/** One word for what went wrong; few different ones, for they label a metric. */
function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (name === "SyntaxError") return "MALFORMED";
  if (name === "TimeoutError" || name === "AbortError") return "TIMEOUT";
  return typeof code === "string" ? code.replace(/^UND_ERR_|^E(?=[A-Z]{4})/, "") : "UNKNOWN";
}

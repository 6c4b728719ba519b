import { EventEmitter } from "node:events";
import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { Agent } from "undici";
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
const valid = Compile(BackendValues);

/** An attempt that failed: where, and why in a word such as CONNREFUSED, TIMEOUT, SILENT (another was faster), HTTP 503 or MALFORMED. */
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

type Attempt =
  | { readonly instance: Instance; readonly values: BackendValues }
  | { readonly instance: Instance; readonly values?: undefined; readonly reason: string };

export interface BackendClientOptions {
  readonly discovery: Discovery;
  readonly coolDown?: CoolDown;
  /** Attempts for one request, the first included. Default 3. */
  readonly attempts?: number;
  /** After as long without an answer another instance is asked too. Default: that of timeouts.ts. */
  readonly silenceMs?: number;
  /** Address of the host that this process is on: of instances that have as much to do, one there is asked. Default: none is preferred. */
  readonly host?: string;
  /** Called once for each attempt, with "ok" or the reason why it failed. */
  readonly onAttempt?: (outcome: string) => void;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

const maxResponseSize = 64 * 1024;

/** More requests than one instance ever has under way. */
const MOST_BUSY = 1e6;
/** What an instance on another host seems to have to do besides: less than a request. */
const ELSEWHERE = 0.5;

/** GETs the backend's values from whichever instance answers. Never throws for anything that the network does. */
export class BackendClient {
  readonly coolDown: CoolDown;
  private readonly options: Required<Omit<BackendClientOptions, "coolDown">>;
  /** Requests under way, by the instance's authority. */
  private readonly busy = new Map<string, number>();
  private readonly agent = new Agent({
    connect: { timeout: timeouts.backendConnect },
    keepAliveTimeout: timeouts.backendIdle,
    keepAliveMaxTimeout: timeouts.backendIdle,
    connections: 32,
    maxResponseSize,
  });

  constructor({ coolDown = new CoolDown(), ...options }: BackendClientOptions) {
    this.coolDown = coolDown;
    const { backendSilence: silenceMs } = timeouts;
    this.options = { attempts: 3, silenceMs, host: "", onAttempt: () => {}, random: Math.random, ...options };
  }

  /**
   * With the ids under which the request is in the logs. One instance is asked; another one too once the first has failed, or has said
   * nothing for a while: who answers first is heard. A worker that vanished costs its visitors that while, and one that is merely busy
   * may still answer.
   */
  async values(requestId: string, trace?: string): Promise<BackendResult> {
    const { discovery, attempts, silenceMs, onAttempt } = this.options;
    const ids = { [requestIdHeader]: requestId, ...(trace === undefined ? {} : { [traceHeader]: trace }) };
    const end = new End();
    const deadline = setTimeout(() => end.now(), timeouts.backend);
    const tried: Instance[] = [];
    const underWay = new Map<Instance, Promise<Attempt>>();
    const failures: Failure[] = [];
    const fails = (instance: Instance, reason: string) => {
      this.coolDown.failed(instance);
      onAttempt(reason);
      failures.push({ instance, reason });
    };
    try {
      let answer = await discovery.resolve();
      for (;;) {
        if (answer.source === "cached" && answer.instances.every((instance) => times(tried, instance) > 0)) {
          // All that were known a moment ago have failed: their successors may have been registered since.
          answer = await discovery.resolve({ renew: true });
        }
        // To ask an instance once more while it is silent would only be more work for it.
        const silent = [...underWay.keys()];
        const others = answer.instances.filter((instance) => times(silent, instance) === 0);
        const another = tried.length < attempts && !end.aborted ? this.choose(others, tried) : undefined;
        if (another !== undefined) {
          tried.push(another);
          underWay.set(another, this.attempt(another, ids, end));
        }
        if (underWay.size === 0) break;
        const first = await firstOf([...underWay.values()], another && silenceMs);
        if (first === undefined) {
          for (const instance of underWay.keys()) this.coolDown.failed(instance);
          continue;
        }
        underWay.delete(first.instance);
        if (first.values === undefined) {
          fails(first.instance, first.reason);
          continue;
        }
        this.coolDown.succeeded(first.instance);
        onAttempt("ok");
        for (const instance of underWay.keys()) fails(instance, "SILENT");
        return { outcome: "answered", values: first.values, instance: first.instance, discovery: answer, failures };
      }
      const outcome = answer.instances.length === 0 ? "none-registered" : "none-answered";
      return { outcome, discovery: answer, failures };
    } catch (error) {
      if (error instanceof LookupError) return { outcome: "discovery-failed", code: error.code };
      throw error;
    } finally {
      clearTimeout(deadline);
      // Only then: an answer that has been read takes a moment to be forgotten, and to abort it makes an error for nobody.
      if (underWay.size > 0) end.now();
    }
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  /**
   * Among those tried least in this request, rather one that did not fail lately, then one that has the least to do: of an instance that has
   * vanished no more requests wait than the others have under way. Where that is the same, one on this host: another host that vanishes then takes
   * no page of this one with it. By chance where that is the same too.
   */
  private choose(instances: readonly Instance[], tried: readonly Instance[]): Instance | undefined {
    const { host, random } = this.options;
    let least = Infinity;
    let candidates: Instance[] = [];
    for (const instance of instances) {
      const busy = (this.busy.get(authority(instance)) ?? 0) + (instance.address === host ? 0 : ELSEWHERE);
      const cost = (times(tried, instance) * 2 + Number(this.coolDown.isCooling(instance))) * MOST_BUSY + busy;
      if (cost > least) continue;
      if (cost < least) candidates = [];
      least = cost;
      candidates.push(instance);
    }
    return candidates[Math.floor(random() * candidates.length)];
  }

  /** Never rejects. */
  private async attempt(instance: Instance, ids: Readonly<Record<string, string>>, end: End): Promise<Attempt> {
    const key = authority(instance);
    const busy = (change: number) => {
      const count = (this.busy.get(key) ?? 0) + change;
      if (count > 0) this.busy.set(key, count);
      else this.busy.delete(key);
    };
    busy(+1);
    try {
      return { instance, values: await this.get(instance, ids, end) };
    } catch (error) {
      return { instance, reason: reasonOf(error) };
    } finally {
      busy(-1);
    }
  }

  private async get(instance: Instance, ids: Readonly<Record<string, string>>, end: End): Promise<BackendValues> {
    const { statusCode, body } = await this.agent.request({
      ...{ origin: `http://${authority(instance)}`, path: "/", method: "GET" },
      headers: { accept: "application/json", ...ids },
      signal: end,
    });
    if (statusCode !== 200) {
      await body.dump({ limit: maxResponseSize });
      throw new Refusal(`HTTP ${statusCode}`);
    }
    const values: unknown = await body.json();
    // An address may have passed to another program since it was registered.
    if (!valid.Check(values)) throw new Refusal("MALFORMED");
    return values;
  }
}

/** Ends what is under way. An emitter, which undici heeds as it does an AbortSignal: that one is slow to listen to, and slow to abort. */
class End extends EventEmitter {
  aborted = false;

  now(): void {
    this.aborted = true;
    this.emit("abort");
  }
}

/** The instance answered, but not with the values. */
class Refusal extends Error {}

const times = (tried: readonly Instance[], instance: Instance): number =>
  tried.reduce((count, one) => count + Number(authority(one) === authority(instance)), 0);

/** What ends first; undefined when nothing has within so many milliseconds. */
async function firstOf<T>(all: readonly Promise<T>[], ms?: number): Promise<T | undefined> {
  if (ms === undefined) return Promise.race(all);
  let timer: NodeJS.Timeout;
  const silence = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  return Promise.race([...all, silence]).finally(() => clearTimeout(timer));
}

/** One word for what went wrong; few different ones, for they label a metric. */
function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (name === "SyntaxError") return "MALFORMED";
  if (name === "AbortError") return "TIMEOUT";
  return typeof code === "string" ? code.replace(/^UND_ERR_|^E(?=[A-Z]{4})/, "") : "UNKNOWN";
}

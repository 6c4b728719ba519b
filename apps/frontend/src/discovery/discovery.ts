import type { Instance } from "./instance";
import { LookupError, type Lookup } from "./srv";

/** What is known of a service's instances, and how it is known. */
export interface Answer {
  readonly instances: readonly Instance[];
  /**
   * fresh: DNS was asked for this call. cached: an answer younger than `reuseMs`.
   * stale: DNS does not answer, or has begun to say that there are none: this is the last good answer that it gave.
   */
  readonly source: "fresh" | "cached" | "stale";
  readonly ageMs: number;
  /** Why the answer is stale: a LookupError's code, SLOW while a look-up is still under way, or NONE when DNS says that there are none. */
  readonly failure?: string;
}

export interface DiscoveryOptions {
  readonly name: string;
  readonly lookup: Lookup;
  /** How long an answer is used without asking again, and how long DNS is left alone after it failed. Default 1000. */
  readonly reuseMs?: number;
  /** How long a caller waits for DNS when there is an older answer to go on with. Default 300. */
  readonly patienceMs?: number;
  /** How long the last instances are kept once DNS says that there are none. Default 30,000. */
  readonly doubtMs?: number;
  /** The end of any look-up, whatever the resolver does. Default 2000. */
  readonly deadlineMs?: number;
  /** Called once for each look-up that was sent: "ok", "none" or a LookupError's code. */
  readonly onLookup?: (outcome: string) => void;
  /** A clock in ms that never goes back. */
  readonly now?: () => number;
}

/**
 * The instances of one service. Any number of callers share a look-up, and an answer for `reuseMs`.
 *
 * The last good answer is kept without an end: while DNS is down nothing better is to be had, and an instance that has
 * gone is noticed when it does not answer. That all instances are gone is doubted for a while: all may have failed a
 * check at once because the whole cluster was busy, and the alternative is to refuse the visitor.
 */
export class Discovery {
  readonly name: string;
  private readonly options: Required<Omit<DiscoveryOptions, "name">>;
  private last?: { readonly instances: readonly Instance[]; readonly at: number };
  private failure?: { readonly code: string; readonly at: number };
  private pending?: Promise<void>;

  constructor({ name, ...options }: DiscoveryOptions) {
    this.name = name;
    this.options = {
      reuseMs: 1000,
      patienceMs: 300,
      doubtMs: 30_000,
      deadlineMs: 2000,
      onLookup: () => {},
      now: () => performance.now(),
      ...options,
    };
  }

  /** Throws LookupError when DNS fails and never answered before. With `renew` an answer younger than `reuseMs` won't do. */
  async resolve({ renew = false } = {}): Promise<Answer> {
    const { now, reuseMs, patienceMs } = this.options;
    const asked = now();
    if (!renew && this.last && asked - this.last.at < reuseMs) return this.answer("cached");

    const failedRecently = this.failure !== undefined && asked - this.failure.at < reuseMs;
    if (!failedRecently) {
      this.pending ??= this.ask().finally(() => (this.pending = undefined));
      await (this.last ? Promise.race([this.pending, wait(patienceMs)]) : this.pending);
    }

    if (this.last && this.last.at >= asked) return this.answer("fresh");
    if (this.last) return this.answer("stale", this.failure?.code ?? "SLOW");
    throw new LookupError(this.name, this.failure?.code ?? "UNKNOWN");
  }

  /** Whether DNS has answered since the start; it is asked if it has not. */
  async hasAnswered(): Promise<boolean> {
    if (this.last === undefined) await this.resolve().catch(() => {});
    return this.last !== undefined;
  }

  /** Never rejects: what came of it is in `last` or `failure`. */
  private async ask(): Promise<void> {
    const { lookup, deadlineMs, now, onLookup } = this.options;
    try {
      const asked = lookup(this.name);
      const deadline = wait(deadlineMs).then(() => Promise.reject(new LookupError(this.name, "TIMEOUT")));
      const instances = await Promise.race([asked, deadline]);
      const isDoubtful = instances.length === 0 && this.knewSomeLately();
      if (!isDoubtful) this.last = { instances, at: now() };
      this.failure = isDoubtful ? { code: "NONE", at: now() } : undefined;
      onLookup(instances.length > 0 ? "ok" : "none");
    } catch (error) {
      const code = error instanceof LookupError ? error.code : "UNKNOWN";
      this.failure = { code, at: now() };
      onLookup(code);
    }
  }

  private knewSomeLately(): boolean {
    const { now, doubtMs } = this.options;
    return this.last !== undefined && this.last.instances.length > 0 && now() - this.last.at < doubtMs;
  }

  private answer(source: Answer["source"], failure?: string): Answer {
    const { instances, at } = this.last!;
    const ageMs = source === "fresh" ? 0 : Math.round(this.options.now() - at);
    return { instances, source, ageMs, ...(failure === undefined ? {} : { failure }) };
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

import { page } from "./cluster-view";

export interface Visits {
  readonly served: number;
  /** What came instead of the page, in the order in which it came. */
  readonly failures: readonly string[];
}

/**
 * Visitors who fetch the page again and again, each on a connection of its own: `rate` a second, at most `limit` in all, until
 * {@link leave}. A visit is served when the page holds `text`, within five seconds.
 */
export class Visitors {
  #served = 0;
  readonly #failures: string[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;

  constructor(url: string, text: string, rate: number, limit: number) {
    this.#timer = setInterval(() => {
      if (this.#sent >= limit) return;
      this.#sent += 1;
      const visit = this.#visit(url, text).finally(() => this.#underWay.delete(visit));
      this.#underWay.add(visit);
    }, 1000 / rate);
  }

  get served(): number {
    return this.#served;
  }

  /** No new visits; gives the figures once those under way have ended. */
  async leave(): Promise<Visits> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    return { served: this.#served, failures: this.#failures };
  }

  async #visit(url: string, text: string): Promise<void> {
    const at = new Date().toISOString();
    try {
      const answer = await page(url);
      if (answer.status === 200 && answer.text.includes(text)) this.#served += 1;
      else this.#failures.push(`${at} ${answer.status} ${answer.text.slice(0, 200)}`);
    } catch (error) {
      const { message, cause } = error as Error;
      this.#failures.push(`${at} ${message} ${cause instanceof Error ? cause.message : ""}`);
    }
  }
}

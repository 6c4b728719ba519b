import * as http from "node:http";

/** One request, as its visitor saw it. */
export interface Visit {
  /** Milliseconds since the epoch at which it began. */
  readonly at: number;
  readonly ms: number;
  /** What came instead of the page; nothing when the page came. */
  readonly failure?: string;
}

const TIMEOUT_MS = 10_000;
/** Visitors who wait for a page at the same time; those who would come then stay away, or a cluster without a CPU to spare never recovers. */
const MOST_WAITING = 64;

export interface LoadOptions {
  readonly url: string;
  /** What a page holds that was served. */
  readonly text: string;
  /** Requests a second. */
  readonly rate: number;
  /** Requests in all; then it stops by itself. */
  readonly limit: number;
  /** Kept and taken again, as a browser does (the default), or a new one for each request, as of ever new visitors. */
  readonly connections?: "kept" | "new";
}

class ClosedWhileIdle extends Error {}

/** What a person would read of a page that came instead: it says why. */
const wordsOf = (page: string): string =>
  page
    .replace(/<style>[^]*<\/style>|<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 400);

/** A steady load from loopback: so many requests a second, whether those before have been answered or not, up to a bound. */
export class Load {
  readonly visits: Visit[] = [];
  readonly #agent: http.Agent | false;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #started = Date.now();
  #sent = 0;
  /** Visits that were due, and never made. */
  #stayedAway = 0;

  constructor(private readonly options: LoadOptions) {
    this.#agent = options.connections === "new" ? false : new http.Agent({ keepAlive: true, maxSockets: 64 });
    this.#timer = setInterval(() => this.#catchUp(), 5);
  }

  /** Visits that began in a span of time. */
  between(from: number, to: number): Visit[] {
    return this.visits.filter(({ at }) => at >= from && at < to);
  }

  /** Visits that did not get the page, in the order in which they ended. */
  get failed(): Visit[] {
    return this.visits.filter(({ failure }) => failure !== undefined);
  }

  /** How many visitors stayed away because too many waited: the load was lighter by these. */
  get stayedAway(): number {
    return this.#stayedAway;
  }

  /** Ends the load once what is under way has ended. */
  async stop(): Promise<readonly Visit[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    if (this.#agent !== false) this.#agent.destroy();
    return this.visits;
  }

  /** Sends what is due by the clock, up to the bound: a timer that comes late must not make the load lighter. */
  #catchUp(): void {
    const { limit, rate } = this.options;
    const due = Math.floor(((Date.now() - this.#started) / 1_000) * rate);
    for (; this.#sent + this.#stayedAway < due && this.#sent < limit; this.#sent++) {
      if (this.#underWay.size >= MOST_WAITING) {
        this.#stayedAway = due - this.#sent;
        return;
      }
      const visit = this.#visit().finally(() => this.#underWay.delete(visit));
      this.#underWay.add(visit);
    }
    if (this.#sent >= limit) clearInterval(this.#timer);
  }

  async #visit(): Promise<void> {
    const at = Date.now();
    // A connection that was kept may be closed by the other side at the very moment at which it is taken again. Browsers then try
    // once more, on a new one (RFC 9110, 9.2.2), and so does this.
    const again = (error: Error) => {
      if (error instanceof ClosedWhileIdle) return this.#page(false);
      throw error;
    };
    const failure = await this.#page()
      .catch(again)
      .then(
        () => undefined,
        (error: Error) => error.message,
      );
    this.visits.push({ at, ms: Date.now() - at, failure });
  }

  #page(agent: http.Agent | false = this.#agent): Promise<void> {
    const { url, text } = this.options;
    return new Promise((resolve, reject) => {
      const options = { agent, timeout: TIMEOUT_MS };
      const request = http.get(url, options, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200 && body.includes(text)) resolve();
          else reject(new Error(`${response.statusCode} ${wordsOf(body)}`));
        });
      });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
      request.on("error", (error: NodeJS.ErrnoException) => {
        const { reusedSocket } = request;
        reject(reusedSocket && error.code === "ECONNRESET" ? new ClosedWhileIdle(error.message) : error);
      });
    });
  }
}

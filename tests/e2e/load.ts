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

class ClosedWhileIdle extends Error {}

/**
 * A steady load from loopback: so many requests a second, whether those before have been answered or not, over connections that are
 * kept and taken again, as browsers do. At most `limit` requests in all; then it stops by itself.
 */
export class Load {
  readonly visits: Visit[] = [];
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  readonly #started = Date.now();
  #sent = 0;

  constructor(
    private readonly url: URL,
    private readonly text: string,
    private readonly rate: number,
    private readonly limit: number,
  ) {
    this.#timer = setInterval(() => this.#catchUp(), 5);
  }

  /** Visits that began in a span of time. */
  between(from: number, to: number): Visit[] {
    return this.visits.filter(({ at }) => at >= from && at < to);
  }

  /** Ends the load once what is under way has ended. */
  async stop(): Promise<readonly Visit[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#agent.destroy();
    return this.visits;
  }

  /** Sends what is due by the clock: a timer that comes late must not make the load lighter. */
  #catchUp(): void {
    const due = Math.min(this.limit, Math.floor(((Date.now() - this.#started) / 1_000) * this.rate));
    for (; this.#sent < due; this.#sent++) {
      const visit = this.#visit().finally(() => this.#underWay.delete(visit));
      this.#underWay.add(visit);
    }
    if (this.#sent >= this.limit) clearInterval(this.#timer);
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
    return new Promise((resolve, reject) => {
      const options = { agent, timeout: TIMEOUT_MS };
      const request = http.get(this.url, options, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200 && body.includes(this.text)) resolve();
          else reject(new Error(`${response.statusCode} ${body.slice(0, 100)}`));
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

import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { sleep } from "./wait";
import type { Props } from "./wire";

/** How the API of a Nomad or Consul agent is reached. */
export interface AgentSettings {
  readonly base: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: https.AgentOptions;
  /** Added to every request: region, namespace, dc. */
  readonly query: Readonly<Record<string, string | undefined>>;
}

export class AgentError extends Error {
  constructor(
    request: string,
    readonly status: number,
    body: string,
  ) {
    super(`${request} answered ${status}: ${body.trim() || http.STATUS_CODES[status]}`);
  }
}

const file = (path: string | undefined) => (path ? readFileSync(path, "utf8") : undefined);

/** The TLS settings that both providers have by the same names. */
export const tlsOptions = (config: Props, skipVerify: boolean): https.AgentOptions => ({
  ca: config["caPem"] ?? file(config["caFile"]),
  cert: config["certPem"] ?? file(config["certFile"]),
  key: config["keyPem"] ?? file(config["keyFile"]),
  rejectUnauthorized: !skipVerify,
});

/** `headers` of the configuration: a list of name and value, as JSON text when it comes from the SDK. */
export function configuredHeaders(value: unknown): Record<string, string> {
  const list = (typeof value === "string" ? JSON.parse(value) : (value ?? [])) as { name: string; value: string }[];
  return Object.fromEntries(list.map((header) => [header.name, header.value]));
}

/** A JSON API over HTTP(S). Reads are repeated when the connection fails or a proxy in between has no server. */
export class AgentApi {
  readonly #settings: AgentSettings;
  readonly #agent: http.Agent;

  constructor(settings: AgentSettings) {
    this.#settings = settings;
    this.#agent =
      settings.base.protocol === "https:"
        ? new https.Agent({ keepAlive: true, ...settings.tls })
        : new http.Agent({ keepAlive: true });
  }

  get address(): string {
    return this.#settings.base.origin;
  }

  async get<T = Props>(path: string, query: Props = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send<T>("GET", path, query);
      } catch (error) {
        const passing = !(error instanceof AgentError) || [502, 503, 504].includes(error.status);
        if (!passing || attempt === 4) throw error;
        await sleep(250 * 2 ** attempt, new AbortController().signal);
      }
    }
  }

  /** The answer, or undefined when the API knows no such thing. */
  async find<T = Props>(path: string, query: Props = {}): Promise<T | undefined> {
    return unlessMissing(this.get<T>(path, query));
  }

  put<T = Props>(path: string, body: unknown, query: Props = {}): Promise<T> {
    return this.#send<T>("PUT", path, query, body);
  }

  /** Succeeds too when there was nothing to delete. */
  async delete(path: string, query: Props = {}): Promise<void> {
    await unlessMissing(this.#send("DELETE", path, query));
  }

  #send<T>(method: string, path: string, query: Props, body?: unknown): Promise<T> {
    const { base, headers } = this.#settings;
    const url = new URL(path, base);
    for (const [key, value] of Object.entries({ ...this.#settings.query, ...query })) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const payload = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const options = {
      method,
      agent: this.#agent,
      headers: { ...headers, "content-type": "application/json" },
      timeout: 60_000,
    };
    const client = base.protocol === "https:" ? https : http;
    return new Promise((resolve, reject) => {
      const request = client.request(url, options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(parts).toString();
          const status = response.statusCode ?? 0;
          if (status >= 300) return reject(new AgentError(`${method} ${url.origin}${url.pathname}`, status, text));
          try {
            resolve((text === "" ? undefined : JSON.parse(text)) as T);
          } catch {
            reject(new Error(`${method} ${url.origin}${url.pathname} answered no JSON: ${text.slice(0, 200)}`));
          }
        });
      });
      request.on("timeout", () =>
        request.destroy(new Error(`${method} ${url.origin}${url.pathname}: no answer in 60 s`)),
      );
      request.on("error", (error: NodeJS.ErrnoException) =>
        reject(error.code === "ECONNREFUSED" ? new Error(`${url.origin} refuses connections (ECONNREFUSED)`) : error),
      );
      request.end(payload);
    });
  }
}

async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof AgentError && error.status === 404) return undefined;
    throw error;
  }
}

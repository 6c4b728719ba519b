import * as https from "node:https";

/** How an agent's API is reached, and by whom. */
export interface AgentAccess {
  /** `https://host:port`. */
  readonly address: string;
  /** PEM of the CA that signed the agent's certificate. */
  readonly ca: string;
  readonly token: string;
}

export const REQUEST_TIMEOUT_MS = 5_000;

export interface AgentRequest {
  readonly path: string;
  readonly method?: "GET" | "POST";
  readonly tokenHeader: "X-Consul-Token" | "X-Nomad-Token";
  /** An error's status that has an answer all the same. */
  readonly alsoGood?: number;
}

/** The JSON that an agent's API answers. Throws when it does not answer within five seconds, or answers an error. */
export function askAgent<T>(access: AgentAccess, { path, method, tokenHeader, alsoGood }: AgentRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      ca: access.ca,
      headers: { [tokenHeader]: access.token },
      timeout: REQUEST_TIMEOUT_MS,
      agent: false,
    } as const;
    const request = https.request(new URL(path, access.address), options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode !== 200 && response.statusCode !== alsoGood) {
          reject(new Error(`${path} answered ${response.statusCode}: ${text.trim().slice(0, 200)}`));
          return;
        }
        try {
          resolve(JSON.parse(text) as T);
        } catch {
          reject(new Error(`${path} answered no JSON: ${text.slice(0, 200)}`));
        }
      });
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`)));
    request.on("error", reject);
    request.end();
  });
}

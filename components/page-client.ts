import * as http from "node:http";
import * as https from "node:https";

export interface Page {
  readonly status: number;
  readonly body: string;
}

const REQUEST_TIMEOUT_MS = 5_000;

/** Asks the load balancer for the site's front page, under the site's own name. */
export function fetchPage(target: { readonly url: string; readonly address: string }): Promise<Page> {
  const site = new URL(target.url);
  const client = site.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.get(
      {
        host: target.address,
        port: site.port || undefined,
        path: site.pathname,
        servername: site.hostname,
        headers: { host: site.host, accept: "text/html" },
        timeout: REQUEST_TIMEOUT_MS,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`)));
    request.on("error", reject);
  });
}

import * as fs from "node:fs/promises";
import type * as http from "node:http";
import * as path from "node:path";

/** A mirror laid out like releases.hashicorp.com, in the VPCs alone, as a company may have one: the `releasesUrl` of hosts. */
export const RELEASES_HOST = "releases.internal";

/** `/nomad/1.11.3/nomad_1.11.3_SHA256SUMS`: no part of it hidden, none that leads elsewhere. */
const PUBLISHED = /^(\/\w[\w.-]*){3}$/;

/** Answers with a file of the mirror in `folder`. */
export async function serveRelease(
  folder: string,
  { url = "" }: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const file = PUBLISHED.test(url) ? await fs.open(path.join(folder, url)).catch(() => undefined) : undefined;
  if (file === undefined) return void response.writeHead(404).end();
  const { size } = await file.stat();
  response.writeHead(200, { "content-length": size });
  const content = file.createReadStream();
  content.on("error", () => response.destroy()).pipe(response);
  // Also where somebody leaves before the end.
  response.on("close", () => content.destroy());
}

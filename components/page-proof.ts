import * as pulumi from "@pulumi/pulumi";
import { fetchPage, type Page } from "./page-client";

export interface PageProofArgs {
  /** What users open. */
  readonly url: pulumi.Input<string>;
  /** The load balancer's own name: asked directly, so that no DNS record of the site's has to exist yet. */
  readonly address: pulumi.Input<string>;
  /** Text that only the backend knows; the page must show it. */
  readonly greeting: string;
  readonly timeoutSeconds: number;
  /** The jobs; their page is asked for when they are healthy. */
  readonly after: readonly pulumi.Input<string>[];
}

/** The site's address, which resolves only when its page, fetched through the load balancer, shows what the backend says. */
export function provenUrl(args: PageProofArgs): pulumi.Output<string> {
  return pulumi.all([args.url, args.address, ...args.after]).apply(async ([url, address]) => {
    const target = { url: url!, address: address! };
    if (!pulumi.runtime.isDryRun()) {
      await waitForPage({
        fetchPage: () => fetchPage(target),
        greeting: args.greeting,
        url: target.url,
        timeoutSeconds: args.timeoutSeconds,
        progress: (message) => void pulumi.log.info(message, undefined, undefined, true),
      });
    }
    return target.url;
  });
}

export interface WaitForPageOptions {
  readonly fetchPage: () => Promise<Page>;
  readonly greeting: string;
  readonly url: string;
  readonly timeoutSeconds: number;
  readonly progress: (message: string) => void;
  readonly pollMs?: number;
}

const POLL_MS = 1_000;

/** Asks until the page shows the greeting; throws with the last answer when it does not in time. */
export async function waitForPage(options: WaitForPageOptions): Promise<void> {
  const deadline = Date.now() + options.timeoutSeconds * 1_000;
  let reported: string | undefined;
  for (;;) {
    const reason = await whyNot(options);
    if (reason === undefined) return;
    if (Date.now() >= deadline) {
      throw new pulumi.RunError(
        `The page at ${options.url} does not show the backend's greeting "${options.greeting}" after ` +
          `${options.timeoutSeconds} s: ${reason}. Look at the target group's health, and at the logs of ` +
          `Traefik and of the frontend: nomad alloc logs -job traefik, nomad alloc logs -job frontend`,
      );
    }
    if (reason !== reported) options.progress(`Waiting for the page at ${options.url}: ${reason}`);
    reported = reason;
    await new Promise((resolve) => setTimeout(resolve, options.pollMs ?? POLL_MS));
  }
}

async function whyNot({ fetchPage: get, greeting }: WaitForPageOptions): Promise<string | undefined> {
  try {
    const { status, body } = await get();
    const text = pageText(body);
    if (status !== 200) return `it answers ${status}: ${text.slice(0, 200)}`;
    return text.includes(collapse(greeting)) ? undefined : `it answers 200 without it: ${text.slice(0, 200)}`;
  } catch (error) {
    return error instanceof Error
      ? error.message || (error as NodeJS.ErrnoException).code || error.name
      : String(error);
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'" };

/** The words of a page as a reader sees them: no markup, entities decoded, white space collapsed. */
export function pageText(html: string): string {
  const words = html
    .replace(/<(style|script|head)\b[\s\S]*?<\/\1\s*>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/&(amp|lt|gt|quot|apos|#39);/g, (_, name: string) => ENTITIES[name]!);
  return collapse(words);
}

function collapse(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

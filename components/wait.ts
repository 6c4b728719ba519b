import * as pulumi from "@pulumi/pulumi";

export interface Wait {
  /** What is waited for: `Waiting for <what>`. */
  readonly what: string;
  readonly timeoutSeconds: number;
  /** What is still missing, in words; nothing, when the wait is over. */
  readonly look: () => Promise<readonly string[]>;
  /** The error's text, when the time is over. */
  readonly failure: (reasons: string) => Promise<string>;
  readonly progress: (message: string) => void;
  readonly pollMs?: number;
  readonly now?: () => number;
}

const POLL_MS = 1_000;
const PROGRESS_EVERY_MS = 10_000;

/** Looks every second until nothing is missing; says what is when that changes, and every ten seconds; throws when the time is over. */
export async function waitWhileMissing(wait: Wait): Promise<void> {
  const now = wait.now ?? Date.now;
  const start = now();
  let reported: { readonly text: string; readonly at: number } | undefined;
  for (;;) {
    const reasons = await wait.look();
    if (reasons.length === 0) return;

    const elapsed = now() - start;
    const text = reasons.join("; ");
    if (elapsed >= wait.timeoutSeconds * 1_000) throw new pulumi.RunError(await wait.failure(text));
    if (reported?.text !== text || now() - reported.at >= PROGRESS_EVERY_MS) {
      wait.progress(`Waiting for ${wait.what}, ${Math.round(elapsed / 1_000)} s: ${text}`);
      reported = { text, at: now() };
    }
    await new Promise((resolve) => setTimeout(resolve, wait.pollMs ?? POLL_MS));
  }
}

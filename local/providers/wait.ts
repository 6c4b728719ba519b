/** Sleeps, and ends at once with an error when the engine cancels. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new Error("cancelled"));
    };
    if (signal.aborted) return reject(new Error("cancelled"));
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

export interface WaitOptions {
  /** What is waited for, for the error: "instance i-1 to run". */
  readonly what: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Between two looks; starts at a tenth of it, so that quick things are seen quickly. Default 2000. */
  readonly intervalMs?: number;
  /** Told at each look that did not satisfy. */
  readonly onState?: (state: string) => void;
}

/**
 * Looks until `probe` gives `{ done }`; `state` says what it saw instead, for the time-out error. An error of the probe ends the wait.
 */
export async function waitFor<T>(
  options: WaitOptions,
  probe: () => Promise<{ done: T } | { state: string }>,
): Promise<T> {
  const { what, seconds, signal, intervalMs = 2000, onState } = options;
  const end = Date.now() + seconds * 1000;
  for (let pause = intervalMs / 10; ; pause = Math.min(pause * 1.5, intervalMs)) {
    const result = await probe();
    if ("done" in result) return result.done;
    onState?.(result.state);
    if (Date.now() >= end) throw new Error(`timed out after ${seconds} s waiting for ${what}: ${result.state}`);
    await sleep(pause, signal);
  }
}

/** Repeats an action while it fails in a way that passes, such as a dependency that is still going. */
export async function retryWhile<T>(
  options: WaitOptions,
  passing: (error: Error) => boolean,
  action: () => Promise<T>,
): Promise<T> {
  return waitFor<T>(options, async () => {
    try {
      return { done: (await action()) as T };
    } catch (error) {
      if (!(error instanceof Error) || !passing(error)) throw error;
      return { state: `${error.name}: ${error.message}` };
    }
  });
}

/** Seconds of "10m", "1h30m", "45s", "0" (the vendors' duration texts). */
export function seconds(duration: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  if (duration === "0") return 0;
  const parts = [...duration.matchAll(/([\d.]+)(ms|h|m|s)/g)];
  if (parts.map((part) => part[0]).join("") !== duration || duration === "")
    throw new Error(`duration: expected a text like "10m" or "1h30m", got ${JSON.stringify(duration)}`);
  return parts.reduce((sum, part) => sum + Number(part[1]) * units[part[2]!]!, 0);
}

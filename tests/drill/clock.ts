/** Seconds until `probe` gives true, looked at four times a second; fails when it does not in time. A probe that throws says no. */
export async function secondsUntil(what: string, limit: number, probe: () => Promise<boolean>): Promise<number> {
  const started = Date.now();
  for (;;) {
    let reason = "not yet";
    const isSo = await probe().catch((error: Error) => ((reason = error.message), false));
    const seconds = (Date.now() - started) / 1_000;
    if (isSo) return seconds;
    if (seconds > limit) throw new Error(`${what}: not within ${limit} s: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export const seconds = (from: number, to = Date.now()): number => (to - from) / 1_000;

import { eventually } from "../e2e/support";

export const seconds = (from: number, to = Date.now()): number => (to - from) / 1_000;

/**
 * Seconds until `probe` gives true, looked at four times a second unless told otherwise; fails when it does not in time. A probe that throws
 * says no.
 */
export async function secondsUntil(
  what: string,
  limit: number,
  probe: () => Promise<boolean>,
  pauseMs = 250,
): Promise<number> {
  const started = Date.now();
  const isSo = async () => {
    if (!(await probe())) throw new Error("not yet");
  };
  await eventually(what, limit, isSo, pauseMs);
  return seconds(started);
}

import { pino } from "pino";

/** How long a line of the log may wait to be written, in ms. */
const PATIENCE = 100;

/**
 * Standard output, where lines are written some at a time: one by one they cost a tenth of what a busy process can answer. A process that is
 * killed at once (SIGKILL, out of memory) loses its last `PATIENCE`; any other end writes all.
 */
export function logStream() {
  const stream = pino.destination({ fd: 1, sync: true, minLength: 4096, periodicFlush: PATIENCE });
  process.once("exit", () => stream.flushSync());
  return stream;
}

import { pino } from "pino";

/** How long a line of the log may wait to be written, in ms. */
const PATIENCE = 100;
/** How much may wait, in bytes: some twenty lines. */
const ROOM = 8_192;
/** A character in UTF-8, by which a string's length counts. */
const MOST_BYTES = 3;

/**
 * Standard output, where lines are written some at a time: one by one they cost a tenth of what a busy process can answer. They wait as bytes, for
 * strings that wait cost the garbage collector as much again. A process that is killed at once (SIGKILL, out of memory) loses its last `PATIENCE`;
 * any other end writes all.
 */
export function logStream() {
  // Its types know of strings alone.
  const output = pino.destination({ fd: 1, sync: true, contentMode: "buffer" }) as unknown as Output;
  let waiting = Buffer.allocUnsafe(ROOM);
  let length = 0;
  const write = (): void => {
    if (length === 0) return;
    output.write(waiting.subarray(0, length));
    // What cannot be written at once is still the output's.
    waiting = Buffer.allocUnsafe(ROOM);
    length = 0;
  };
  setInterval(write, PATIENCE).unref();
  process.once("exit", () => {
    write();
    output.flushSync();
  });
  return {
    write(line: string): void {
      const most = line.length * MOST_BYTES;
      if (length + most > ROOM) write();
      if (most > ROOM) output.write(Buffer.from(line));
      else length += waiting.write(line, length);
    },
    /** Pino's own name, for what it calls after a fatal line. */
    flushSync: write,
  };
}

interface Output {
  write(bytes: Buffer): boolean;
  flushSync(): void;
}

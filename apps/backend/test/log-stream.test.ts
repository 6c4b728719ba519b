import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import path from "node:path";

jest.setTimeout(30_000);

/** What a process has written that had these lines to log, by the words of a program. */
async function written(lines: readonly string[], program: string): Promise<string> {
  const all = `const stream = require("./src/log-stream").logStream(), lines = JSON.parse(process.env.LINES); ${program}`;
  const child = spawn(process.execPath, ["-r", "./test/run-typescript.cjs", "-e", all], {
    cwd: path.join(__dirname, ".."),
    env: { LINES: JSON.stringify(lines) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return text(child.stdout);
}

describe("the log's stream", () => {
  // Two and three bytes each, and four.
  const strange = ["\u00e4", "\u20ac", "\u{1f600}"].map((character) => `${character.repeat(1_500)}\n`);
  const mixed = [
    ...Array.from({ length: 500 }, (_, i) => `line ${i}\n`),
    ...strange,
    `${"long ".repeat(4_000)}\n`,
    "last\n",
  ];

  it("writes all lines in their order when the process ends, however many and long they are", async () => {
    expect(await written(mixed, "for (const line of lines) stream.write(line)")).toBe(mixed.join(""));
  });

  it("writes them when the process ends itself at once", async () => {
    expect(await written(mixed, "for (const line of lines) stream.write(line); process.exit(3)")).toBe(mixed.join(""));
  });

  it("writes them when an error ends the process that nobody catches", async () => {
    const program =
      'process.on("uncaughtException", () => process.exit(1)); for (const line of lines) stream.write(line); throw 1';
    expect(await written(mixed, program)).toBe(mixed.join(""));
  });

  it("has written what it is told to before it goes on", async () => {
    const program = 'stream.write(lines[0]); stream.flushSync(); process.kill(process.pid, "SIGKILL")';
    expect(await written(["fatal\n"], program)).toBe("fatal\n");
  });

  it("writes a line that no other follows, while the process goes on", async () => {
    const program = 'stream.write(lines[0]); setTimeout(() => process.kill(process.pid, "SIGKILL"), 1_000)';
    expect(await written(["one\n"], program)).toBe("one\n");
  });
});

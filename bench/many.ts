import path from "node:path";
import { answered } from "./apps";
import { freePort, type Programs, type Running } from "./programs";

export interface Many extends Running {
  /** One for each instance, in ascending order. */
  readonly ports: readonly number[];
  /** Requests so far by port, without health checks. */
  counts(): Promise<ReadonlyMap<number, number>>;
}

/** Many instances of a service as one process, that answer with the same body: bench/baselines/many.cjs. */
export async function startMany(
  programs: Programs,
  count: number,
  answer: { readonly type: string; readonly body: string },
): Promise<Many> {
  const port = await freePort();
  const env = { COUNT: String(count), TYPE: answer.type, BODY: answer.body, PORT: String(port) };
  const counts = async () => {
    const all = JSON.parse(await answered(`http://127.0.0.1:${port}/`)) as Readonly<Record<string, number>>;
    return new Map(Object.entries(all).map(([each, requests]) => [Number(each), requests]));
  };
  const ready = async () => {
    const { size } = await counts();
    if (size < count) throw new Error(`${size} of ${count} listen`);
  };
  const running = await programs.start("many", process.execPath, [path.resolve("bench/baselines/many.cjs")], {
    env,
    ready,
  });
  return { ...running, ports: [...(await counts()).keys()].sort((a, b) => a - b), counts };
}

import type { RunningApp } from "./apps";

type Labels = Readonly<Record<string, string>>;

/** What an app has counted so far: the sum over all samples of this name that have these labels, 0 while there is none. */
export const counted = async (app: Pick<RunningApp, "metrics">, name: string, labels: Labels = {}): Promise<number> =>
  sumOf(await app.metrics(), name, labels);

/** Of metrics in Prometheus' text format whose labels hold neither commas nor braces. */
export function sumOf(metrics: string, name: string, labels: Labels = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return [...metrics.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)]
    .filter(([, is, has]) => is === name && wanted.every((label) => has!.split(",").includes(label)))
    .reduce((sum, [, , , value]) => sum + Number(value), 0);
}

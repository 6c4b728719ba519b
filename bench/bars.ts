import type { Spec } from "./chart";
import { holds, type Line } from "./question";

const axis: Readonly<Record<Line["unit"], string>> = {
  ...{ x: "ratio", s: "seconds", ms: "milliseconds", MB: "MB", KB: "KB", "%": "percent", USD: "USD", "": "number" },
};

/** Lines as bars: median, spread, and where the goal is. Those of one unit share an axis. */
export function bars(title: string, lines: readonly Line[]): Spec {
  const units = [...new Set(lines.map(({ unit }) => unit))];
  const panels = units.map((unit) => {
    const values = lines
      .filter((line) => line.unit === unit)
      .map((line) => ({
        ...{ what: line.what, median: line.value.median, low: line.value.low, high: line.value.high },
        ...{ goal: line.goal?.limit ?? null, verdict: verdictOf(line) },
      }));
    const x = { type: "quantitative", axis: { title: axis[unit] } } as const;
    const color = { field: "verdict", type: "nominal", scale: { domain: verdicts, range: colors } } as const;
    return {
      data: { values },
      width: 480,
      encoding: { y: { field: "what", type: "nominal", sort: null, axis: { title: null, labelLimit: 600 } } },
      layer: [
        { mark: { type: "bar", height: 12 }, encoding: { x: { ...x, field: "median" }, color } },
        { mark: { type: "rule", size: 2 }, encoding: { x: { ...x, field: "low" }, x2: { field: "high" } } },
        { mark: { type: "tick", color: "#111", thickness: 3, size: 18 }, encoding: { x: { ...x, field: "goal" } } },
      ],
    } as const;
  });
  return { title, background: "white", vconcat: panels } as unknown as Spec;
}

const verdicts = ["met", "not met", "no goal"];
const colors = ["#4c9f70", "#c8553d", "#9aa5b1"];

const verdictOf = (line: Line): string => (line.goal === undefined ? "no goal" : holds(line) ? "met" : "not met");

import { columns } from "../../local/cli/columns";
import { holds, type Result } from "./scenario";

/** Results as lines of a table: scenario, limit, measured, failed requests of all, and visitors who stayed away because too many waited. */
export function table(results: readonly Result[]): string {
  const rows = results.flatMap(({ scenario, figures, requests, failed, stayedAway, unexpected, error }) => [
    [
      scenario,
      "",
      "",
      `${failed} of ${requests}`,
      String(stayedAway),
      error ?? (unexpected > 0 ? `${unexpected} unexpected` : ""),
    ],
    ...figures.map((figure) => {
      const { what, limit, measured, unit, atLeast } = figure;
      const value = Number.isInteger(measured) ? String(measured) : measured.toFixed(1);
      return [
        `  ${what}`,
        `${atLeast === true ? ">=" : "<="} ${limit} ${unit}`.trim(),
        `${value} ${unit}`.trim(),
        "",
        "",
        holds(figure) ? "" : "not met",
      ];
    }),
  ]);
  return columns([["scenario", "limit", "measured", "failed", "stayed away", ""], ...rows]);
}

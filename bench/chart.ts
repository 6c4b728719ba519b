import type { TopLevelSpec } from "vega-lite";

/** A chart in Vega-Lite's language. */
export type Spec = TopLevelSpec;

/** As SVG. */
export async function render(spec: Spec): Promise<string> {
  // They are ES modules that wait for others, which `require` can't load.
  const [{ parse, View }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

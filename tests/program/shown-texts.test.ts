import { readEnv as readBackendEnv } from "../../apps/backend/src/env";
import { readEnv as readFrontendEnv } from "../../apps/frontend/src/env";
import { parseConfig } from "../../config";

/** What the configuration and the environment of the app that shows it say to one text. */
interface Verdicts {
  readonly config: "taken" | "refused";
  readonly app: "taken" | "refused";
}

const verdict = (read: () => unknown): "taken" | "refused" => {
  try {
    read();
    return "taken";
  } catch {
    return "refused";
  }
};

const readers: Record<string, (text: string) => Verdicts> = {
  "backend.greeting": (text) => ({
    config: verdict(() => configured({ backend: { greeting: text } })),
    app: verdict(() => readBackendEnv({ ENVIRONMENT: "dev", GREETING: text })),
  }),
  "frontend.title": (text) => ({
    config: verdict(() => configured({ frontend: { title: text } })),
    app: verdict(() => readFrontendEnv({ ENVIRONMENT: "dev", TITLE: text })),
  }),
};

function configured(values: Record<string, unknown>) {
  return parseConfig(values, { project: "cluster", stack: "dev", region: "eu-west-1" });
}

describe.each(Object.entries(readers))("%s", (_key, judge) => {
  it.each([
    ["one character", "x"],
    ["1,000 characters", "x".repeat(1000)],
    ["1,000 characters that JavaScript counts as 2,000", "\u{1f680}".repeat(1000)],
    ["what is markup elsewhere", "<b>$& {{x}} %{ $x \u2028 \"'"],
  ])("of %s is taken by the configuration and by the app", (_what, text) => {
    expect(judge(text)).toEqual({ config: "taken", app: "taken" });
  });

  it.each([
    ["1,001 characters", "x".repeat(1001)],
    ["1,001 characters that JavaScript counts as 2,002", "\u{1f680}".repeat(1001)],
  ])("of %s is refused by the configuration, before the app refuses it", (_what, text) => {
    expect(judge(text)).toEqual({ config: "refused", app: "refused" });
  });
});

import { rules } from "../../policy/rules";
import { violations } from "../../policy/test-resources";
import { PROGRAM_TIMEOUT_MS, runProgram } from "../program/run-program";
import { judged, recorded } from "./recorded";

test(
  "the program for prod keeps to every rule",
  async () => {
    const { mocks } = await runProgram("prod", "up");
    const resources = judged(recorded(mocks, "prod"));
    expect(resources.length).toBeGreaterThan(100);
    expect(violations(rules, resources)).toEqual([]);
  },
  PROGRAM_TIMEOUT_MS,
);

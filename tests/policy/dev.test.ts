import { rules } from "../../policy/rules";
import { violations } from "../../policy/test-resources";
import { PROGRAM_TIMEOUT_MS, runProgram } from "../program/run-program";
import { judged, recorded } from "./recorded";

test(
  "the program for dev keeps to every rule",
  async () => {
    const { mocks } = await runProgram("dev", "up");
    const resources = judged(recorded(mocks, "dev"));
    expect(resources.length).toBeGreaterThan(100);
    expect(violations(rules, resources)).toEqual([]);
  },
  PROGRAM_TIMEOUT_MS,
);

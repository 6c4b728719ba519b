import { secondsUntil } from "../drill/clock";
import { run } from "../drill/run";
import { holds, type Result } from "../drill/scenario";
import { SHORT } from "../drill/scenarios";
import { table } from "../drill/table";
import { isWell } from "../drill/view";
import { scaling, setDesired } from "./cluster-view";

const WORKERS = 3;

/** The short form of `npm run drill`, on the stack that is there. */
describe("under load, a cluster of three workers", () => {
  const results: Result[] = [];

  beforeAll(async () => {
    await scaling("suspend");
    await setDesired(WORKERS);
    await secondsUntil("three workers, all well", 180, () => isWell(WORKERS));
  }, 200_000);
  afterAll(async () => {
    console.info(table(results));
    await scaling("resume");
  });

  it.each(SHORT.map((scenario) => [scenario.name, scenario] as const))("stands %s", async (_name, scenario) => {
    const result = await run(scenario, (message) => console.info(message));
    results.push(result);
    expect(result.error).toBeUndefined();
    expect(result.unexpected).toBe(0);
    expect(result.requests).toBeGreaterThan(100);
    expect(result.figures.filter((figure) => !holds(figure))).toEqual([]);
  });
});

import { converge } from "../converge";
import type { Scenario } from "../scenario";
import { destroy, killedUp } from "../stack";

/** What each run that is killed is about, and how long it takes at least: the first is to make everything from nothing. */
const RUNS: readonly { readonly lasts: number; readonly changes: readonly string[] }[] = [
  { lasts: 45, changes: [] },
  { lasts: 30, changes: ["cluster:backend.cpuMhz=110", "cluster:frontend.title=Killed"] },
  {
    lasts: 30,
    changes: ["cluster:workerPools[0].max=4", "cluster:alarmTopicArn=arn:aws:sns:eu-west-1:123456789012:drill"],
  },
  { lasts: 50, changes: ["cluster:serverInstanceType=t3.large"] },
  { lasts: 30, changes: ["cluster:rotation.certificates=2", "cluster:rotation.tokens=2"] },
];

/** Ends with nothing, as it begins. */
export const upKilled: Scenario = {
  name: "up killed at 5 random points",
  ownsStack: true,
  async run({ say }) {
    const kill = async (lasts: number, changes: readonly string[]) => {
      const after = 2 + Math.random() * (lasts - 2);
      const wasTooLate = await killedUp(after, ...changes);
      say(`killed after ${after.toFixed(1)} s${wasTooLate ? ", when it had ended" : ""}`);
    };
    let orphans = await destroy();
    // What was never finished goes too.
    await kill(RUNS[0]!.lasts, []);
    orphans += await destroy();
    let converged = 0;
    let slowest = 0;
    for (const { lasts, changes } of RUNS) {
      await kill(lasts, changes);
      const run = await converge(...changes);
      slowest = Math.max(slowest, run.lasted);
      if (run.converged) converged += 1;
    }
    orphans += await destroy();
    return {
      figures: [
        { what: "runs after it that converged", limit: RUNS.length, measured: converged, unit: "", atLeast: true },
        { what: "slowest of them", limit: 300, measured: slowest, unit: "s" },
        { what: "left by destroy", limit: 0, measured: orphans, unit: "" },
      ],
    };
  },
};

import { onHost } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { hosts, isWell, processOf, resolved, running, workerOf } from "../view";

/** Ends or stops one backend's process by a signal; requests that it has at that moment may fail, no other. */
function signalled(name: string, signal: "KILL" | "STOP", goneWithin: number, short: boolean): Scenario {
  return {
    name,
    short,
    async run() {
      const victim = (await running("backend"))[0]!;
      const worker = await workerOf(victim);
      const witness = (await hosts("worker")).find(({ id }) => id !== worker.id)!;
      const workers = (await hosts("worker")).length;
      const process = await processOf("backend", victim, worker);
      const others = (await running("backend")).filter(({ ID }) => ID !== victim.ID);
      const isAlone = others.every(({ NodeName }) => NodeName !== victim.NodeName);
      const started = Date.now();
      await onHost(worker.container, `kill -${signal} ${process}`);
      const gone = await secondsUntil("out of DNS", 30, async () => {
        if (!isAlone) return true;
        return !(await resolved("backend", witness)).includes(worker.address);
      });
      await secondsUntil("all well again", 60, () => isWell(workers));
      const back = seconds(started);
      return {
        figures: [
          { what: "out of DNS", limit: goneWithin, measured: gone, unit: "s" },
          { what: "all instances back", limit: 15, measured: back, unit: "s" },
        ],
        mayFail: ({ at }) => at >= started - 5_000 && at < started + goneWithin * 1_000,
      };
    },
  };
}

export const killed = signalled("kill -9 of a backend", "KILL", 2, true);
export const stopped = signalled("SIGSTOP of a backend", "STOP", 4, false);

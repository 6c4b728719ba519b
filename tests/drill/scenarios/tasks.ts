import { hosts } from "../../e2e/cluster-view";
import { onHost } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { isWell, NOW, outOfDns, processOf, running, workerOf } from "../view";

/** Ends or stops one backend's process by a signal; requests that it has at that moment may fail, no other. */
function signalled(name: string, signal: "KILL" | "STOP", goneWithin: number): Scenario {
  return {
    name,
    async run() {
      const instances = await running("backend");
      // Of two on one worker, which have one address, DNS would not tell when one goes.
      const victim = instances.find(
        ({ NodeName }) => instances.filter((each) => each.NodeName === NodeName).length === 1,
      );
      if (victim === undefined) throw new Error("no worker has just one backend");
      const worker = await workerOf(victim);
      const workers = await hosts("worker");
      const witness = workers.find(({ id }) => id !== worker.id)!;
      const process = await processOf("backend", victim, worker);
      const [out, started] = await Promise.all([
        outOfDns(["backend"], worker.address, witness),
        onHost(worker.container, `kill -${signal} ${process} && ${NOW}`).then(Number),
      ]);
      const gone = seconds(started, out);
      const back = await secondsUntil("all well again", 60, () => isWell(workers.length));
      return {
        figures: [
          { what: "out of DNS", limit: goneWithin, measured: gone, unit: "s" },
          { what: "back, once out", limit: 15, measured: back, unit: "s" },
        ],
        mayFail: ({ at }) => at >= started - 1_000 && at < started + goneWithin * 1_000,
      };
    },
  };
}

export const killed = signalled("kill -9 of a backend", "KILL", 2);
export const stopped = signalled("SIGSTOP of a backend", "STOP", 4);

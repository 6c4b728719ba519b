import { hosts } from "../../e2e/cluster-view";
import { onHost } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { isAtRest, settlePlacement } from "../upkeep";
import { INSTANCES, isWell, passing } from "../view";

/** All Nomad agents but one hang, so that everything comes to the worker of that one, and go on. */
export const together: Scenario = {
  name: "all instances on one worker",
  async run({ say }) {
    const [home, ...others] = await hosts("worker");
    const signal = (name: string) =>
      Promise.all(others.map(({ container }) => onHost(container, `systemctl kill --signal ${name} nomad.service`)));
    await signal("STOP");
    try {
      await secondsUntil("all on one worker", 120, async () => {
        const healthy = await Promise.all(["frontend", "backend"].map(passing));
        const atHome = healthy.map((all) => all.filter(({ Node }) => Node.Address === home!.address));
        return atHome.every(({ length }) => length === INSTANCES);
      });
    } finally {
      await signal("CONT");
    }
    const back = Date.now();
    const isApart = async () => {
      await settlePlacement(say);
      return isWell(others.length + 1);
    };
    await secondsUntil("two services apart", 180, isApart, 2_000);
    const apart = seconds(back);
    await secondsUntil("one on each worker", 180, () => isAtRest(others.length + 1, say), 2_000);
    return {
      figures: [
        { what: "apart again", limit: 120, measured: apart, unit: "s" },
        { what: "one on each worker", limit: 240, measured: seconds(back), unit: "s" },
      ],
    };
  },
};

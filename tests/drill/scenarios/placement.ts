import { hosts } from "../../e2e/cluster-view";
import { onHost } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { upkeep } from "../upkeep";
import { isWell, running } from "../view";

/** What the leader's upkeep waits for is a minute; a drill has not so much time. */
const SETTLED_SECONDS = 5;

export const together: Scenario = {
  name: "all instances on one worker",
  async run({ say }) {
    const workers = await hosts("worker");
    const others = workers.slice(1);
    const signal = (name: string) =>
      Promise.all(others.map(({ container }) => onHost(container, `systemctl kill --signal ${name} nomad.service`)));
    await signal("STOP");
    try {
      await secondsUntil("all on one worker", 120, async () => {
        const placed = (await Promise.all(["frontend", "backend"].map(running))).flat();
        return placed.every(({ NodeName }) => NodeName === `worker-${workers[0]!.id}`);
      });
    } finally {
      await signal("CONT");
    }
    const back = Date.now();
    await secondsUntil(
      "two moved",
      120,
      async () => {
        const said = await Promise.all(
          (await hosts("server")).map((server) =>
            upkeep(server, `SETTLED_SECONDS=${SETTLED_SECONDS}`, "spread-services.sh"),
          ),
        );
        for (const each of said.filter(Boolean)) say(each.trim());
        return isWell(workers.length);
      },
      2_000,
    );
    return { figures: [{ what: "apart again", limit: 60, measured: seconds(back), unit: "s" }] };
  },
};

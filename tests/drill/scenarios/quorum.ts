import { setTimeout as sleep } from "node:timers/promises";
import { hosts } from "../../e2e/cluster-view";
import { onHost } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { allocations, isWell, leader, outOfDns, resolved, running, workerOf } from "../view";

const AWAY_SECONDS = 120;

export const majorityLost: Scenario = {
  name: "2 of 3 servers away for 2 minutes",
  async run() {
    const workers = await hosts("worker");
    const away = (await hosts("server")).slice(0, 2);
    const ids = async () =>
      (await Promise.all(["frontend", "backend", "traefik"].map(allocations)))
        .flat()
        .filter(({ ClientStatus }) => ClientStatus === "running")
        .map(({ ID }) => ID)
        .sort();
    const before = await ids();
    for (const { container } of away) await onHost(container, "systemctl stop nomad.service consul.service", 60);
    const until = Date.now() + AWAY_SECONDS * 1_000;
    let [asked, answered] = [0, 0];
    while (Date.now() < until) {
      asked += 1;
      const addresses = await resolved("backend", workers[0]!).catch(() => []);
      if (addresses.length > 0) answered += 1;
      await sleep(500);
    }
    for (const { container } of away)
      await onHost(container, "systemctl start --no-block consul.service nomad.service");
    const started = Date.now();
    await secondsUntil("leaders", 60, async () => Boolean((await leader("consul")) && (await leader("nomad"))));
    const elected = seconds(started);
    await secondsUntil("all well", 120, () => isWell(workers.length));
    const after = await ids();
    return {
      figures: [
        { what: "DNS answered", limit: 100, measured: (100 * answered) / asked, unit: "%", atLeast: true },
        { what: "leaders after the return", limit: 15, measured: elected, unit: "s" },
        { what: "allocations lost", limit: 0, measured: before.filter((id) => !after.includes(id)).length, unit: "" },
      ],
    };
  },
};

const HUNG_SECONDS = 60;

/** Its agent hangs, which is worse for who asks it than one that is gone: a closed port says no at once. */
export const agentStopped: Scenario = {
  name: `a worker's Consul agent hung for ${HUNG_SECONDS} s`,
  async run() {
    const workers = await hosts("worker");
    const victim = await workerOf((await running("backend"))[0]!);
    const witness = workers.find(({ id }) => id !== victim.id)!;
    const started = Date.now();
    await onHost(victim.container, "systemctl kill --signal STOP consul.service");
    try {
      const out = seconds(started, await outOfDns(["backend"], victim.address, witness, HUNG_SECONDS));
      await sleep(started + HUNG_SECONDS * 1_000 - Date.now());
      await onHost(victim.container, "systemctl kill --signal CONT consul.service");
      const back = await secondsUntil(
        "services back",
        90,
        async () => (await resolved("backend", witness)).includes(victim.address) && (await isWell(workers.length)),
      );
      return {
        figures: [
          { what: "its services out of DNS", limit: 15, measured: out, unit: "s" },
          { what: "services back", limit: 35, measured: back, unit: "s" },
        ],
      };
    } finally {
      await onHost(victim.container, "systemctl kill --signal CONT consul.service");
    }
  },
};

import { onHost } from "../../e2e/support";
import { secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { allocations, hosts, isWell, leader, resolved } from "../view";

const AWAY_SECONDS = 120;

export const majorityLost: Scenario = {
  name: "2 of 3 servers away for 2 minutes",
  async run() {
    const workers = await hosts("worker");
    const away = (await hosts("server")).slice(0, 2);
    const running = async () =>
      (await Promise.all(["frontend", "backend", "traefik"].map(allocations)))
        .flat()
        .filter(({ ClientStatus }) => ClientStatus === "running")
        .map(({ ID }) => ID)
        .sort();
    const before = await running();
    for (const { container } of away) await onHost(container, "systemctl stop nomad.service consul.service", 60);
    const until = Date.now() + AWAY_SECONDS * 1_000;
    let [asked, answered] = [0, 0];
    while (Date.now() < until) {
      asked += 1;
      const addresses = await resolved("backend", workers[0]!).catch(() => []);
      if (addresses.length > 0) answered += 1;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    for (const { container } of away)
      await onHost(container, "systemctl start --no-block consul.service nomad.service");
    const started = Date.now();
    await secondsUntil("leaders", 60, async () => Boolean((await leader("consul")) && (await leader("nomad"))));
    const elected = (Date.now() - started) / 1_000;
    await secondsUntil("all well", 120, () => isWell(workers.length));
    const after = await running();
    return {
      figures: [
        { what: "DNS answered", limit: 100, measured: (100 * answered) / asked, unit: "%", atLeast: true },
        { what: "leaders after the return", limit: 15, measured: elected, unit: "s" },
        { what: "allocations lost", limit: 0, measured: before.filter((id) => !after.includes(id)).length, unit: "" },
      ],
    };
  },
};

export const agentStopped: Scenario = {
  name: "a worker's Consul agent stopped for 60 s",
  async run() {
    const workers = await hosts("worker");
    const [victim] = workers;
    const started = Date.now();
    // As a crash that systemd is kept from mending, not as a stop, which takes the worker out of Consul.
    await onHost(victim!.container, "systemctl kill --signal STOP consul.service");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    await onHost(victim!.container, "systemctl kill --signal CONT consul.service");
    const resumed = Date.now();
    await secondsUntil("services back", 90, () => isWell(workers.length));
    return {
      figures: [{ what: "services back", limit: 35, measured: (Date.now() - resumed) / 1_000, unit: "s" }],
      // What is on its way to that worker at the moment when its agent stops to answer.
      mayFail: ({ at }) => at >= started && at < started + 12_000,
    };
  },
};

import { onHost } from "../../e2e/support";
import { secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { allocations, hosts, isWell, leader } from "../view";

/** Ends the leader's process, without a word to the others; systemd starts it again. */
function leaderKilled(program: "consul" | "nomad"): Scenario {
  return {
    name: `kill -9 of ${program === "consul" ? "Consul" : "Nomad"}'s leader`,
    short: true,
    async run() {
      const workers = (await hosts("worker")).length;
      const ids = async () =>
        (await Promise.all(["frontend", "backend", "traefik"].map(allocations)))
          .flat()
          .filter(({ ClientStatus }) => ClientStatus === "running")
          .map(({ ID }) => ID)
          .sort()
          .join();
      const before = await ids();
      const old = await leader(program);
      // Not started again at once: the one that comes back may be the leader again before anybody has looked.
      await onHost(
        old.container,
        `systemctl kill --signal KILL ${program}.service && systemctl stop ${program}.service`,
      );
      const elected = await secondsUntil("another leader", 30, async () => (await leader(program)).id !== old.id);
      await onHost(old.container, `systemctl start ${program}.service`);
      await secondsUntil("all well", 60, () => isWell(workers));
      return {
        figures: [
          { what: "another leader", limit: 5, measured: elected, unit: "s" },
          { what: "allocations that are others", limit: 0, measured: (await ids()) === before ? 0 : 1, unit: "" },
        ],
      };
    },
  };
}

export const consulLeader = leaderKilled("consul");
export const nomadLeader = leaderKilled("nomad");

import { type Host, hosts } from "../../e2e/cluster-view";
import { onHost, succeed } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import { type Scenario, underWay } from "../scenario";
import { allocations, isWell, leader, running, workerOf } from "../view";
import { WINDOW_SECONDS } from "./workers";

/** Ends the leader's process, without a word to the others; systemd starts it again. */
function leaderKilled(program: "consul" | "nomad"): Scenario {
  return {
    name: `kill -9 of ${program === "consul" ? "Consul" : "Nomad"}'s leader`,
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
      await end(old, program);
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

/** Ends an agent's process and keeps systemd from starting it: who comes back may lead again before anybody has looked. */
const end = (host: Host, program: "consul" | "nomad") =>
  onHost(host.container, `systemctl kill --signal KILL ${program}.service && systemctl stop ${program}.service`);

export const consulLeader = leaderKilled("consul");
export const nomadLeader = leaderKilled("nomad");

/** Nobody can place what the worker had until there is a leader again. */
export const leadersAndWorker: Scenario = {
  name: "both leaders and a worker at once",
  async run() {
    const workers = (await hosts("worker")).length;
    const victim = await workerOf((await running("frontend"))[0]!);
    const old = { consul: await leader("consul"), nomad: await leader("nomad") };
    const started = Date.now();
    await Promise.all([
      end(old.consul, "consul"),
      end(old.nomad, "nomad"),
      succeed("docker", ["kill", victim.container]),
    ]);
    const another = (program: "consul" | "nomad") =>
      secondsUntil(`another leader of ${program}`, 30, async () => (await leader(program)).id !== old[program].id);
    const elected = Math.max(...(await Promise.all([another("consul"), another("nomad")])));
    await onHost(old.consul.container, "systemctl start consul.service");
    await onHost(old.nomad.container, "systemctl start nomad.service");
    const isReplaced = async () =>
      (await isWell(workers)) && (await hosts("worker")).every(({ id }) => id !== victim.id);
    await secondsUntil("a replacement", 180, isReplaced, 1_000);
    return {
      figures: [
        { what: "other leaders", limit: 5, measured: elected, unit: "s" },
        { what: "replacement healthy", limit: 90, measured: seconds(started), unit: "s" },
      ],
      // Until somebody leads, nobody is taken out of Consul.
      mayFail: underWay(started, started + elected * 1_000 + WINDOW_SECONDS * 1_000),
    };
  },
};

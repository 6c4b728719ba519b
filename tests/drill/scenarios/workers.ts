import { setTimeout as sleep } from "node:timers/promises";
import { cloud } from "../../e2e/clients";
import { apis, type Host, hosts, members, setDesired } from "../../e2e/cluster-view";
import { eventually, STACK, succeed } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import { type Figure, type Scenario, underWay } from "../scenario";
import { isAtRest } from "../upkeep";
import { allocations, inTraefik, isWell, outOfDns, outOfTraefik, running, workerOf } from "../view";

/** Until the load balancer, whose checks are 5 s apart and wait for 2, has missed two of them: 12 s at most. Traefik is faster. */
export const WINDOW_SECONDS = 12;

/** After which EC2 notices, here, that a host has ended: so late that nobody but the health checks can have found it. */
const NOTICED_SECONDS = WINDOW_SECONDS + 1;

/**
 * Takes a host's power at a moment, in milliseconds since the epoch. The cable first: a process that is killed closes its connections, one
 * without power says nothing. Nobody waits for the command, as its end would keep this machine busy at that very moment.
 */
async function powerOff({ container }: Host, moment: number): Promise<void> {
  const wait = `ms=$((${moment} - $(date +%s%3N))); sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"`;
  await succeed("docker", ["exec", "--detach", container, "bash", "-c", `${wait}; ip link set eth0 down`]);
  await sleep(moment + NOTICED_SECONDS * 1_000 - Date.now());
  await succeed("docker", ["kill", container]);
}

export const poweredOff: Scenario = {
  name: "worker powered off",
  async run({ load, say }) {
    const workers = (await hosts("worker")).length;
    // A worker that has two of three instances is missed more.
    await secondsUntil("one instance of each app on each worker", 240, () => isAtRest(workers, say), 2_000);
    const victim = await workerOf((await running("frontend"))[0]!);
    const others = (await hosts("worker")).filter(({ id }) => id !== victim.id);
    const witness = others[0]!;
    // An instance that has just moved there is in Consul a moment before.
    await eventually("every Traefik sends to it", 30, () =>
      Promise.all(others.map((other) => inTraefik(victim.address, other))),
    );
    const started = Date.now() + 3_000;
    const [dns, traefik] = await Promise.all([
      outOfDns(["frontend", "backend", "traefik"], victim.address, witness).then((moment) => seconds(started, moment)),
      outOfTraefik(victim.address, witness).then((moment) => seconds(started, moment)),
      powerOff(victim, started),
    ]);
    const isReplaced = async () =>
      (await isWell(workers)) && (await hosts("worker")).every(({ id }) => id !== victim.id);
    await secondsUntil("a replacement", 180, isReplaced, 1_000);
    const replaced = seconds(started);
    const failedAt = load.failed.map(({ at }) => at).filter((at) => at >= started);
    const inWindow = load.between(started, started + WINDOW_SECONDS * 1_000);
    const failed = inWindow.filter(({ failure }) => failure !== undefined);
    return {
      figures: [
        { what: "out of DNS", limit: 10, measured: dns, unit: "s" },
        { what: "out of Traefik", limit: 12, measured: traefik, unit: "s" },
        {
          what: "last request that fails, sent",
          limit: WINDOW_SECONDS,
          measured: Math.max(0, ...failedAt.map((at) => seconds(started, at))),
          unit: "s",
        },
        {
          what: "failures in that time",
          limit: 1,
          measured: (100 * failed.length) / Math.max(1, inWindow.length),
          unit: "%",
        },
        { what: "replacement healthy", limit: 60, measured: replaced, unit: "s" },
      ],
      mayFail: underWay(started, started + WINDOW_SECONDS * 1_000),
    };
  },
};

/** What the scenarios of a worker that leaves in good order have in common: `leaving` has been told to. */
async function leaves(leaving: string): Promise<{ readonly left: number; readonly ended: number }> {
  const { consul } = await apis();
  await secondsUntil("its instances elsewhere", 120, async () => {
    const all = (await Promise.all(["frontend", "backend", "traefik"].map(allocations))).flat();
    return all.every(({ NodeName, ClientStatus }) => NodeName !== `worker-${leaving}` || ClientStatus !== "running");
  });
  const isOut = async () => !(await members(consul)).includes(`worker-${leaving}`);
  const left = await secondsUntil("gone from Consul", 60, isOut);
  const isGone = async () => (await hosts("worker")).every(({ id }) => id !== leaving);
  const ended = await secondsUntil("the end of the instance", 130, isGone, 1_000);
  return { left, ended };
}

const leaveFigures = ({ left, ended }: Awaited<ReturnType<typeof leaves>>): Figure[] => [
  { what: "gone from Consul, once it is empty", limit: 5, measured: left, unit: "s" },
  // The hook's own patience is 120 s: an end before that is a hook that was completed.
  { what: "instance ended, once it has left", limit: 30, measured: ended, unit: "s" },
];

export const spotNotice: Scenario = {
  name: "spot notice",
  async run() {
    const before = await hosts("worker");
    const { ec2 } = await cloud();
    const { Reservations = [] } = await ec2.describeInstances({
      Filters: [{ Name: "instance-state-name", Values: ["running"] }],
    });
    const spot = Reservations.flatMap(({ Instances = [] }) => Instances).find(
      ({ InstanceLifecycle }) => InstanceLifecycle === "spot",
    );
    if (spot === undefined) throw new Error("no worker is a spot instance");
    const id = spot.InstanceId!;
    const started = Date.now();
    // It takes the instance back when the two minutes are over, if it is still there.
    const notice = succeed("node", [".build/local.js", "--stack", STACK, "spot-notice", id], 180);
    const figures = leaveFigures(await leaves(id));
    const gone = seconds(started);
    await notice;
    await secondsUntil("a successor, and all well", 180, () => isWell(before.length));
    return { figures: [...figures, { what: "gone, of the time that it had", limit: 120, measured: gone, unit: "s" }] };
  },
};

export const scaleIn: Scenario = {
  name: "scale in by one",
  async run() {
    const before = await hosts("worker");
    await setDesired(before.length - 1);
    const { autoscaling } = await cloud();
    // The group chooses.
    let leaving = "";
    await secondsUntil("a worker that leaves", 60, async () => {
      const { AutoScalingInstances = [] } = await autoscaling.describeAutoScalingInstances({});
      leaving =
        AutoScalingInstances.find(({ LifecycleState }) => LifecycleState === "Terminating:Wait")?.InstanceId ?? "";
      return leaving !== "";
    });
    const figures = leaveFigures(await leaves(leaving));
    await secondsUntil("the others well", 60, () => isWell(before.length - 1));
    await setDesired(before.length);
    await secondsUntil("as many workers as before", 120, () => isWell(before.length));
    return { figures };
  },
};

import { apis } from "../clients";
import { members, setDesired } from "../../e2e/cluster-view";
import { aws, eventually, STACK, succeed } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { allocations, hosts, isWell, resolved, running, workerOf } from "../view";

/** Until Traefik has the change as well: its poll, its throttle, and the time to give up on a request that hangs. */
const WINDOW_SECONDS = 12;

export const poweredOff: Scenario = {
  name: "worker powered off",
  short: true,
  async run({ load }) {
    const victim = await workerOf((await running("frontend"))[0]!);
    const witness = (await hosts("worker")).find(({ id }) => id !== victim.id)!;
    const workers = (await hosts("worker")).length;
    const started = Date.now();
    await succeed("docker", ["kill", victim.container]);
    const outOfDns = await secondsUntil("out of DNS", 60, async () => {
      const names = ["frontend", "backend", "traefik"];
      const answers = await Promise.all(names.map((name) => resolved(name, witness)));
      return answers.every((addresses) => !addresses.includes(victim.address));
    });
    await secondsUntil("a replacement", 180, async () => {
      const gone = (await hosts("worker")).every(({ id }) => id !== victim.id);
      return gone && (await isWell(workers));
    });
    const replaced = seconds(started);
    const late = load.visits
      .filter(({ at, failure }) => failure !== undefined && at >= started)
      .map(({ at, ms }) => at + ms);
    const inWindow = load.between(started, started + WINDOW_SECONDS * 1_000);
    const failed = inWindow.filter(({ failure }) => failure !== undefined);
    return {
      figures: [
        { what: "out of DNS", limit: 10, measured: outOfDns, unit: "s" },
        {
          what: "last failure",
          limit: WINDOW_SECONDS,
          measured: Math.max(0, ...late.map((at) => seconds(started, at))),
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
      mayFail: ({ at }) => at >= started && at < started + WINDOW_SECONDS * 1_000,
    };
  },
};

export const spotNotice: Scenario = {
  name: "spot notice",
  async run() {
    const before = await hosts("worker");
    const { Reservations } = await aws(
      ...["ec2", "describe-instances", "--filters", "Name=instance-lifecycle,Values=spot"],
      "Name=instance-state-name,Values=running",
    );
    const id = Reservations[0].Instances[0].InstanceId as string;
    const { consul } = await apis();
    const started = Date.now();
    await succeed("node", [".build/local.js", "--stack", STACK, "spot-notice", id]);
    const left = await secondsUntil(
      "gone from Consul",
      120,
      async () => !(await members(consul)).includes(`worker-${id}`),
    );
    await secondsUntil(
      "a successor, and all well",
      180,
      async () => (await hosts("worker")).every((host) => host.id !== id) && (await isWell(before.length)),
    );
    return {
      figures: [
        { what: "left, of the 120 s that it had", limit: 120, measured: left, unit: "s" },
        { what: "successor healthy", limit: 180, measured: seconds(started), unit: "s" },
      ],
    };
  },
};

export const scaleIn: Scenario = {
  name: "scale in by one",
  short: true,
  async run() {
    const before = await hosts("worker");
    await setDesired(before.length - 1);
    const { consul } = await apis();
    // The group chooses; the one that leaves drains.
    const leaving = await eventually("a worker that leaves", 60, async () => {
      const { AutoScalingInstances } = await aws("autoscaling", "describe-auto-scaling-instances");
      const found = (AutoScalingInstances as { InstanceId: string; LifecycleState: string }[]).find(
        ({ LifecycleState }) => LifecycleState === "Terminating:Wait",
      );
      if (found === undefined) throw new Error("none");
      return found.InstanceId;
    });
    await secondsUntil("its instances elsewhere", 120, async () => {
      const all = (await Promise.all(["frontend", "backend"].map(allocations))).flat();
      return all.every(({ NodeName, ClientStatus }) => NodeName !== `worker-${leaving}` || ClientStatus !== "running");
    });
    const left = await secondsUntil(
      "gone from Consul",
      60,
      async () => !(await members(consul)).includes(`worker-${leaving}`),
    );
    await secondsUntil("the end of the instance", 60, async () =>
      (await hosts("worker")).every(({ id }) => id !== leaving),
    );
    await secondsUntil("the others well", 60, () => isWell(before.length - 1));
    await setDesired(before.length);
    await secondsUntil("as many workers as before", 120, () => isWell(before.length));
    return { figures: [{ what: "gone from Consul once it is empty", limit: 60, measured: left, unit: "s" }] };
  },
};

import { setTimeout as sleep } from "node:timers/promises";
import { apis, type Host, hosts } from "../../e2e/cluster-view";
import { onHost } from "../../e2e/support";
import { seconds, secondsUntil } from "../clock";
import { type Scenario, underWay } from "../scenario";
import { upkeep } from "../upkeep";
import { INSTANCES, isWell, passing, running, workerOf } from "../view";
import { WINDOW_SECONDS } from "./workers";

const CUT_SECONDS = 90;
/** The load balancer's second check that fails may begin late on a busy machine. */
const CUT_WINDOW_SECONDS = WINDOW_SECONDS + 1;

/**
 * Lets nothing in and nothing out, of the host or of its containers, and takes itself away when the time is over, whatever becomes of who began it.
 * What is on the host reaches each other, as where a cable is pulled.
 */
const cut = (seconds: number) => `
nft -f - <<'NFT'
table inet drill {
  chain input { type filter hook input priority -10; iifname "eth0" drop; }
  chain output { type filter hook output priority -10; oifname "eth0" drop; }
  chain forward { type filter hook forward priority -10; iifname "eth0" drop; oifname "eth0" drop; }
}
NFT
systemd-run --on-active=${seconds}s --timer-property=AccuracySec=100ms nft delete table inet drill`;

/** Whether a worker's Traefik sends requests to exactly those that Consul has. */
async function knowsAll(worker: Host): Promise<boolean> {
  const text = await onHost(worker.container, "curl --silent --fail --max-time 5 http://127.0.0.1:8081/metrics");
  const known = [...text.matchAll(/^traefik_service_server_up\{.*url="http:\/\/([^"/]+)\/?"\} 1$/gm)].map(
    ([, at]) => at,
  );
  const healthy = (await passing("frontend")).map(({ Service }) => `${Service.Address}:${Service.Port}`);
  return healthy.length > 0 && known.sort().join() === healthy.sort().join();
}

export const partitioned: Scenario = {
  name: `a worker cut off for ${CUT_SECONDS} s`,
  async run() {
    const workers = (await hosts("worker")).length;
    const victim = await workerOf((await running("frontend"))[0]!);
    const started = Date.now();
    await onHost(victim.container, cut(CUT_SECONDS));
    const isCut = Date.now();
    await sleep(CUT_SECONDS * 1_000);
    const healed = Date.now();
    const { nomad } = await apis();
    const ready = await secondsUntil("the worker ready", 60, async () => {
      const nodes = await nomad.get<{ Name: string; Status: string }[]>("/v1/nodes");
      return nodes.find(({ Name }) => Name === `worker-${victim.id}`)?.Status === "ready";
    });
    const same = await secondsUntil("Traefik's list as Consul's", 120, () => knowsAll(victim));
    // Nomad may be back before Consul, and Traefik then fails: the leader's upkeep has it placed again.
    await secondsUntil("all well", 180, () => isWell(workers));
    const counts = await Promise.all(["frontend", "backend"].map(async (job) => (await running(job)).length));
    return {
      figures: [
        { what: "ready", limit: 20, measured: ready, unit: "s" },
        { what: "its Traefik's list equals Consul's", limit: 30, measured: same, unit: "s" },
        { what: "all well", limit: 120, measured: seconds(healed), unit: "s" },
        { what: "instances beyond those wanted", limit: 0, measured: Math.max(...counts) - INSTANCES, unit: "" },
      ],
      mayFail: underWay(started, isCut + CUT_WINDOW_SECONDS * 1_000),
    };
  },
};

/** What the leader's upkeep waits for is five minutes; a drill has not so much time. */
const LOST_SECONDS = 20;

export const lost: Scenario = {
  name: "a worker that runs, and of which nobody hears",
  async run({ say }) {
    const workers = (await hosts("worker")).length;
    const victim = await workerOf((await running("frontend"))[0]!);
    const started = Date.now();
    await onHost(victim.container, cut(600));
    const isCut = Date.now();
    let reported = "";
    await secondsUntil("a server that reports it", 120, async () => {
      for (const server of await hosts("server")) {
        reported += await upkeep(server, "lost-workers.sh", `LOST_SECONDS=${LOST_SECONDS}`);
      }
      return reported.includes(victim.id);
    });
    say(reported.trim());
    const told = Date.now();
    await secondsUntil("a replacement", 180, async () => {
      const { nomad } = await apis();
      const nodes = await nomad.get<{ Name: string; Status: string }[]>("/v1/nodes");
      const lives = nodes.filter(({ Status }) => Status === "ready").map(({ Name }) => Name);
      return lives.length === workers && !lives.includes(`worker-${victim.id}`);
    });
    const replaced = seconds(told);
    // Its hook waits for word from a worker that can say nothing.
    await secondsUntil("its end", 240, () => isWell(workers));
    return {
      figures: [
        { what: "replaced, once reported", limit: 60, measured: replaced, unit: "s" },
        { what: "gone, once reported", limit: 180, measured: seconds(told), unit: "s" },
      ],
      mayFail: underWay(started, isCut + CUT_WINDOW_SECONDS * 1_000),
    };
  },
};

import { apis } from "../clients";
import type { Host } from "../../e2e/cluster-view";
import { onHost } from "../../e2e/support";
import { secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { hosts, isWell, running, workerOf } from "../view";
import { WINDOW_SECONDS } from "./workers";

const CUT_SECONDS = 90;

/** Lets nothing in and nothing out, and takes itself away when the time is over, whatever becomes of who began it. */
const CUT = `
nft -f - <<'NFT'
table inet drill {
  chain input { type filter hook input priority -10; policy drop; iif lo accept; }
  chain output { type filter hook output priority -10; policy drop; oif lo accept; }
  chain forward { type filter hook forward priority -10; policy drop; }
}
NFT
systemd-run --on-active=${CUT_SECONDS}s nft delete table inet drill`;

/** Whether a worker's Traefik sends requests to exactly those that Consul has. */
async function knowsAll(worker: Host): Promise<boolean> {
  const { consul } = await apis();
  const text = await onHost(worker.container, "curl --silent --fail --max-time 5 http://127.0.0.1:8081/metrics");
  const known = [...text.matchAll(/^traefik_service_server_up\{.*url="http:\/\/([^"/]+)\/?"\} 1$/gm)].map(
    ([, at]) => at,
  );
  const entries = await consul.get<{ Service: { Address: string; Port: number } }[]>(
    "/v1/health/service/frontend?passing",
  );
  const passing = entries.map(({ Service }) => `${Service.Address}:${Service.Port}`);
  return passing.length > 0 && known.sort().join() === passing.sort().join();
}

export const partitioned: Scenario = {
  name: `a worker cut off for ${CUT_SECONDS} s`,
  async run() {
    const workers = (await hosts("worker")).length;
    const victim = await workerOf((await running("frontend"))[0]!);
    const started = Date.now();
    await onHost(victim.container, CUT);
    const cut = Date.now();
    await new Promise((resolve) => setTimeout(resolve, CUT_SECONDS * 1_000));
    const healed = Date.now();
    const { nomad } = await apis();
    const ready = await secondsUntil("the worker ready", 60, async () => {
      const nodes = await nomad.get<{ Name: string; Status: string }[]>("/v1/nodes");
      return nodes.find(({ Name }) => Name === `worker-${victim.id}`)?.Status === "ready";
    });
    const same = await secondsUntil("Traefik's list as Consul's", 120, () => knowsAll(victim));
    await secondsUntil("all well", 120, () => isWell(workers));
    const counts = await Promise.all(["frontend", "backend"].map(async (job) => (await running(job)).length));
    return {
      figures: [
        { what: "ready", limit: 20, measured: ready, unit: "s" },
        { what: "its Traefik's list equals Consul's", limit: 30, measured: same, unit: "s" },
        { what: "all well", limit: 60, measured: (Date.now() - healed) / 1_000, unit: "s" },
        { what: "instances beyond those wanted", limit: 0, measured: Math.max(...counts) - 2, unit: "" },
      ],
      mayFail: ({ at }) => at >= started && at < cut + WINDOW_SECONDS * 1_000,
    };
  },
};

import { setTimeout as sleep } from "node:timers/promises";
import { outputs } from "../../e2e/cluster-view";
import { local, STACK, succeed } from "../../e2e/support";
import { releasesUrl } from "../before";
import { converge } from "../converge";
import type { Scenario } from "../scenario";
import { destroy, failedUp, upArguments } from "../stack";

/** On no mirror, so that a host that is to have it never gets beyond its installation. */
const NEVER_BOOTS = [
  "cluster:nomadVersion=1.99.0",
  `cluster:releasesUrl=${releasesUrl}`,
  "cluster:readyTimeoutSeconds=40",
];

/** Which host, and where in its boot. */
const BOOT_STEP = /server-\d \(i-[0-9a-f]+, [\d.]+\): boot step install: (failed|running)/;
/** Which instance, and what Nomad's client last said of it. */
const LAST_EVENTS = /allocation [0-9a-f]{8} \(backend on worker-i-[0-9a-f]+\) is \w+: backend: \S/;

const OFFLINE_SECONDS = 20;

/** Refuses what comes from the deploying machine: the cloud's API, and the load balancer of Nomad's and Consul's. Ends by itself. */
const refuse = (seconds: number) => `
nft -f - <<'NFT'
table inet drill {
  chain input { type filter hook input priority -10; tcp dport { 4566, 4646, 8501 } reject with tcp reset; }
}
NFT
sleep ${seconds}
nft delete table inet drill`;

/** Takes the deploying machine off the network for a while. */
async function goOffline(): Promise<void> {
  const filter = ["--filter", `label=cluster.local=${STACK}`, "--filter", "label=cluster.local.load-balancer"];
  const proxies = await succeed("docker", ["ps", "--quiet", ...filter]);
  for (const container of [`${STACK}-cloud`, ...proxies.split("\n").filter(Boolean)]) {
    await succeed("docker", ["exec", "--detach", container, "sh", "-c", refuse(OFFLINE_SECONDS)]);
  }
}

/** What stands in the way of an `up` besides being killed; once it is away, the next one goes on from there. */
export const upFails: Scenario = {
  name: "up that fails: hosts that never boot, a job that never gets well, no network",
  ownsStack: true,
  async run({ say, startLoad }) {
    let named = 0;
    const expectWords = (said: string, words: RegExp) => {
      const found = words.exec(said);
      say(found === null ? `no word of ${words.source} in:\n${said}` : `it says: ${found[0]}`);
      if (found !== null) named += 1;
    };
    let [converged, slowest] = [0, 0];
    const again = async () => {
      const run = await converge();
      say(`up again: ${run.lasted.toFixed(1)} s`);
      slowest = Math.max(slowest, run.lasted);
      if (run.converged) converged += 1;
    };

    let orphans = await destroy();
    expectWords(await failedUp(...NEVER_BOOTS), BOOT_STEP);
    orphans += await destroy();

    expectWords(await failedUp(...NEVER_BOOTS), BOOT_STEP);
    await again();

    // From here on there is a page, and nothing of this may be seen on it.
    await startLoad();
    expectWords(await failedUp(...NEVER_BOOTS), BOOT_STEP);
    await again();

    const { images } = await outputs();
    const missing = images.backend.replace(/[0-9a-f]{64}$/, "0".repeat(64));
    expectWords(await failedUp(`cluster:backend.image=${missing}`), LAST_EVENTS);
    await again();

    // Whether that run fails or has patience enough, the next one finds its way.
    const cutOff = local(upArguments(["cluster:frontend.title=Cut off", "cluster:backend.cpuMhz=120"]), 600);
    await sleep(8_000);
    await goOffline();
    const { code, stderr } = await cutOff;
    say(
      `off the network for ${OFFLINE_SECONDS} s: up ended with ${code}${code === 0 ? "" : `: ${stderr.trim().split("\n").at(-1)}`}`,
    );
    await again();

    return {
      figures: [
        { what: "errors that say where to look", limit: 4, measured: named, unit: "", atLeast: true },
        { what: "runs after it that converged", limit: 4, measured: converged, unit: "", atLeast: true },
        { what: "slowest of them", limit: 300, measured: slowest, unit: "s" },
        { what: "left by destroy", limit: 0, measured: orphans, unit: "" },
      ],
    };
  },
};

import { apis, hosts } from "../../e2e/cluster-view";
import { seconds, secondsUntil } from "../clock";
import type { Scenario } from "../scenario";
import { up } from "../stack";
import { isWell, running } from "../view";

/** As much of a job as is changed here. */
interface Job {
  readonly ID: string;
  readonly Meta: Record<string, string>;
  readonly TaskGroups: {
    readonly Tasks: {
      readonly Services: { readonly Checks: { Path: string }[] }[];
      readonly Config: { image: string; args?: string[] };
    }[];
  }[];
}

const DEPLOY_REQUESTS = 20_000;

export const rolling: Scenario = {
  name: "rolling deploys of both services",
  async run({ load, say }) {
    const from = load.visits.length;
    let slowest = 0;
    for (let deploys = 1; load.visits.length - from < DEPLOY_REQUESTS; deploys++) {
      const cpu = deploys % 2 === 0 ? 100 : 110;
      const started = Date.now();
      await up(`cluster:backend.cpuMhz=${cpu}`, `cluster:frontend.cpuMhz=${cpu}`);
      const took = seconds(started);
      slowest = Math.max(slowest, took);
      say(`deploy ${deploys}: ${Math.round(took)} s, ${load.visits.length - from} requests`);
    }
    return {
      figures: [
        {
          what: "requests meanwhile",
          limit: DEPLOY_REQUESTS,
          measured: load.visits.length - from,
          unit: "",
          atLeast: true,
        },
        { what: "slowest deploy", limit: 120, measured: slowest, unit: "s" },
      ],
    };
  },
};

/** Submits a version of a job that can't become healthy; Nomad has to go back by itself, and what runs runs on. */
function reverted(name: string, id: string, spoil: (job: Job) => void): Scenario {
  return {
    name,
    async run() {
      const { nomad } = await apis();
      const workers = (await hosts("worker")).length;
      const before = (await running(id)).map(({ ID }) => ID).sort();
      const job = await nomad.get<Job & { Version: number }>(`/v1/job/${id}`);
      const bad = structuredClone(job);
      spoil(bad);
      await nomad.put("/v1/jobs", { Job: bad });
      const back = await secondsUntil("the version before, and all well", 180, async () => {
        const now = await nomad.get<{ Version: number; Stable: boolean }>(`/v1/job/${id}`);
        return now.Version >= job.Version + 2 && now.Stable && (await isWell(workers));
      });
      const after = (await running(id)).map(({ ID }) => ID).sort();
      const lost = before.filter((each) => !after.includes(each)).length;
      return {
        figures: [
          { what: "back to the version before", limit: 90, measured: back, unit: "s" },
          // A system job has no canary: the first worker's instance goes, and only that one.
          { what: "instances that were replaced", limit: id === "traefik" ? 1 : 0, measured: lost, unit: "" },
        ],
      };
    },
  };
}

export const badImage = reverted("bad image", "backend", (job) => {
  const config = job.TaskGroups[0]!.Tasks[0]!.Config;
  config.image = config.image.replace(/[0-9a-f]{64}$/, "0".repeat(64));
});

export const failingHealthCheck = reverted("failing health check", "backend", (job) => {
  for (const check of job.TaskGroups[0]!.Tasks[0]!.Services[0]!.Checks) check.Path = "/health/missing";
  // What a changed job file comes with (components/job.ts).
  job.Meta["specification"] = "drill";
});

export const brokenTraefik = reverted("broken Traefik configuration", "traefik", (job) => {
  job.TaskGroups[0]!.Tasks[0]!.Config.args!.push("--entryPoints.web.address=nowhere");
});

import type { AgentApi } from "../agent";
import type { Operation, ResourceModel } from "../model";
import { UNKNOWN, type Props } from "../wire";
import { untilDeployed } from "./deployment";
import { jobId, variableFile } from "./jobspec";

/** The job that the arguments describe, as the API has it. */
async function parse(api: AgentApi, { jobspec, json, hcl2 }: Props): Promise<Props> {
  if (json) {
    const parsed = JSON.parse(jobspec) as Props;
    return parsed["Job"] ?? parsed;
  }
  return api.put("/v1/jobs/parse", { JobHCL: jobspec, Canonicalize: false, Variables: variableFile(hcl2?.vars ?? {}) });
}

async function register(api: AgentApi, args: Props, operation: Operation): Promise<string> {
  const job = await parse(api, args);
  const response = await api.put("/v1/jobs", {
    Job: job,
    PolicyOverride: args["policyOverride"],
    PreserveCounts: args["preserveCounts"],
    // The source is what Nomad's own UI and `nomad job inspect` show of a job.
    Submission: { Source: args["jobspec"], Format: args["json"] ? "json" : "hcl2", VariableFlags: args["hcl2"]?.vars },
  });
  operation.created(job["ID"]);
  const evaluation: string = response["EvalID"];
  if (!args["detach"] && evaluation) await untilDeployed(api, evaluation, operation);
  return job["ID"];
}

const namespaceOf = ({ namespace }: Props): Props => (namespace && namespace !== UNKNOWN ? { namespace } : {});

const constraints = (list: Props[] | null) =>
  (list ?? []).map(({ LTarget, Operand, RTarget }) => ({ ltarget: LTarget, operand: Operand, rtarget: RTarget }));

const seconds = (nanoseconds: number | undefined) => `${(nanoseconds ?? 0) / 1e9}s`;

function outputs(job: Props, deployment: Props | undefined): Props {
  const update = job["Update"] as Props | null;
  return {
    name: job["Name"],
    namespace: job["Namespace"],
    type: job["Type"],
    region: job["Region"],
    datacenters: job["Datacenters"],
    priority: job["Priority"],
    status: job["Status"],
    statusDescription: job["StatusDescription"] ?? "",
    stable: job["Stable"],
    stop: job["Stop"],
    version: job["Version"],
    createIndex: job["CreateIndex"],
    modifyIndex: String(job["JobModifyIndex"]),
    submitTime: String(job["SubmitTime"]),
    allAtOnce: job["AllAtOnce"],
    parentId: job["ParentID"] ?? "",
    deploymentId: deployment?.["ID"] ?? "",
    deploymentStatus: deployment?.["Status"] ?? "",
    allocationIds: [],
    constraints: constraints(job["Constraints"]),
    periodicConfigs: job["Periodic"] ? [{ enabled: job["Periodic"].Enabled, spec: job["Periodic"].Spec }] : [],
    updateStrategies: update?.["MaxParallel"]
      ? [
          {
            stagger: seconds(update["Stagger"]),
            maxParallel: update["MaxParallel"],
            healthCheck: update["HealthCheck"],
            minHealthyTime: seconds(update["MinHealthyTime"]),
            healthyDeadline: seconds(update["HealthyDeadline"]),
            autoRevert: update["AutoRevert"],
            canary: update["Canary"],
          },
        ]
      : [],
    taskGroups: ((job["TaskGroups"] ?? []) as Props[]).map((group) => ({
      name: group["Name"],
      count: group["Count"],
      meta: group["Meta"] ?? {},
      tasks: ((group["Tasks"] ?? []) as Props[]).map((task) => ({
        name: task["Name"],
        driver: task["Driver"],
        meta: task["Meta"] ?? {},
      })),
    })),
  };
}

const registered = ["jobspec", "hcl2", "json", "policyOverride", "preserveCounts", "rerunIfDead"];

export const job: ResourceModel<AgentApi> = {
  args: "jobspec json hcl2{vars} detach deregisterOnDestroy purgeOnDestroy policyOverride preserveCounts rerunIfDead",
  defaults: { detach: true, deregisterOnDestroy: true, purgeOnDestroy: false, json: false, rerunIfDead: false },
  volatile: Object.fromEntries(
    [
      "modifyIndex",
      "version",
      "submitTime",
      "status",
      "stable",
      "deploymentId",
      "deploymentStatus",
      "taskGroups",
      "constraints",
    ]
      .concat(["datacenters", "priority", "type", "updateStrategies"])
      .map((name) => [name, registered]),
  ),
  // Another id is another job; the old one is deregistered when it is replaced.
  replaces: (path, news, olds) => {
    const [before, after] = [jobId(olds.jobspec, olds.json), jobId(news.jobspec, news.json)];
    return path === "jobspec" && before !== undefined && after !== undefined && before !== after;
  },
  create: register,
  async read(api, id, state) {
    const query = namespaceOf(state);
    const found = await api.find(`/v1/job/${encodeURIComponent(id)}`, query);
    if (!found) return undefined;
    const deployment = await api.find<Props | null>(`/v1/job/${encodeURIComponent(id)}/deployment`, query);
    // A job that is dead and was not to stay so shows as drift of what says so: the next update runs it again.
    const died: Props = state.rerunIfDead && found["Status"] === "dead" ? { rerunIfDead: false } : {};
    return { ...outputs(found, deployment ?? undefined), ...died };
  },
  async update(api, { news, changed }, operation) {
    // Nothing changed: the last registration did not become healthy, so it is followed again.
    if (changed.size === 0 || registered.some((name) => changed.has(name))) await register(api, news, operation);
  },
  async delete(api, id, state) {
    if (state.deregisterOnDestroy === false) return;
    await api.delete(`/v1/job/${encodeURIComponent(id)}`, {
      ...namespaceOf(state),
      purge: Boolean(state.purgeOnDestroy),
    });
  },
};

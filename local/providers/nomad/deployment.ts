import type { AgentApi } from "../agent";
import type { Operation } from "../model";
import { waitFor } from "../wait";
import type { Props } from "../wire";

/** The last events of an allocation's tasks, newest last: "backend: Driver Failure: pull access denied". */
function lastEvents(allocation: Props): string {
  return Object.entries((allocation["TaskStates"] ?? {}) as Record<string, Props>)
    .map(([task, state]) => {
      const events = ((state["Events"] ?? []) as Props[]).slice(-3);
      return `${task}: ${events.map((event) => event["DisplayMessage"] || event["Type"]).join("; ") || "no events"}`;
    })
    .join(" | ");
}

/** The allocations of a deployment that did not become healthy, one a line. */
async function unhealthy(api: AgentApi, deployment: string): Promise<string[]> {
  const allocations = await api.get<Props[]>(`/v1/deployment/allocations/${deployment}`);
  return allocations
    .filter((allocation) => allocation["DeploymentStatus"]?.Healthy !== true)
    .map((allocation) => {
      const { ID, TaskGroup, NodeName, ClientStatus } = allocation;
      return `allocation ${String(ID).slice(0, 8)} (${TaskGroup} on ${NodeName}) is ${ClientStatus}: ${lastEvents(allocation)}`;
    });
}

/** Why an evaluation placed nothing: "web: 3 nodes evaluated, constraint missing network: 2 nodes". */
export function placementFailures(evaluation: Props): string[] {
  return Object.entries((evaluation["FailedTGAllocs"] ?? {}) as Record<string, Props>).map(([group, metric]) => {
    const reasons = { ...metric["ClassFiltered"], ...metric["ConstraintFiltered"], ...metric["DimensionExhausted"] };
    const counted = Object.entries(reasons).map(([reason, nodes]) => `${reason}: ${nodes} nodes`);
    return [`group "${group}" cannot be placed, ${metric["NodesEvaluated"]} nodes evaluated`, ...counted].join(", ");
  });
}

/** Waits until the evaluation of a registration has ended; gives the id of the deployment that came of it, if any. */
async function untilEvaluated(api: AgentApi, id: string, operation: Operation, seconds: number): Promise<Props> {
  return waitFor<Props>(
    { what: `the evaluation ${id}`, seconds, signal: operation.signal, intervalMs: 1000 },
    async () => {
      const evaluation = await api.get(`/v1/evaluation/${id}`);
      const { Status, StatusDescription } = evaluation;
      if (Status === "failed" || Status === "canceled")
        throw new Error(`the evaluation ${id} ${Status}: ${StatusDescription}`);
      return Status === "complete" ? { done: evaluation } : { state: String(Status) };
    },
  );
}

/**
 * Follows a registration like the official provider: its evaluation, then its deployment until it is successful. A job without a
 * deployment is done when it has been evaluated. The error of a failed one names the allocations and what happened to them.
 */
export async function untilDeployed(api: AgentApi, evaluation: string, operation: Operation): Promise<void> {
  const end = Date.now() + operation.timeout(300) * 1000;
  const left = () => Math.max(1, Math.round((end - Date.now()) / 1000));
  const evaluated = await untilEvaluated(api, evaluation, operation, left());
  const unplaced = placementFailures(evaluated);
  const deployment: string | undefined = evaluated["DeploymentID"] || undefined;
  if (!deployment) {
    if (unplaced.length > 0) operation.status(unplaced.join("; "));
    return;
  }
  const explain = async (message: string) =>
    new Error([message, ...unplaced, ...(await unhealthy(api, deployment))].join("\n"));
  const wait = {
    what: `the deployment ${deployment.slice(0, 8)}`,
    seconds: left(),
    signal: operation.signal,
    intervalMs: 1000,
  };
  await waitFor({ ...wait, onState: operation.status }, async () => {
    const { Status, StatusDescription, TaskGroups } = await api.get(`/v1/deployment/${deployment}`);
    if (Status === "successful") return { done: true };
    if (Status === "failed" || Status === "cancelled") {
      throw await explain(`the deployment ${deployment.slice(0, 8)} ${Status}: ${StatusDescription}`);
    }
    const groups = Object.entries(TaskGroups as Record<string, Props>).map(
      ([name, group]) => `${name} ${group["HealthyAllocs"]} of ${group["DesiredTotal"]} healthy`,
    );
    return { state: [`${Status}, ${groups.join(", ")}`, ...unplaced].join("; ") };
  }).catch(async (error: Error) => {
    throw error.message.startsWith("timed out") ? await explain(error.message) : error;
  });
}

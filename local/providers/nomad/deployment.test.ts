import type { AgentApi } from "../agent";
import type { Operation } from "../model";
import { untilDeployed } from "./deployment";

const said: string[] = [];
const operation = (seconds: number): Operation => ({
  urn: "",
  type: "nomad:index/job:Job",
  name: "web",
  signal: new AbortController().signal,
  timeout: () => seconds,
  created: () => undefined,
  status: (line) => void said.push(line),
});

/** Answers each path with its list of answers in turn, the last one for ever. */
function api(answers: Record<string, unknown[]>): AgentApi {
  const get = async (path: string) => {
    const list = answers[path];
    if (!list) throw new Error(`unexpected request ${path}`);
    return list.length > 1 ? list.shift() : list[0];
  };
  return { get } as unknown as AgentApi;
}

const groups = (healthy: number) => ({ web: { HealthyAllocs: healthy, DesiredTotal: 2 } });
const evaluated = { Status: "complete", DeploymentID: "d1" };
const allocations = [
  { ID: "alloc-ok-1", TaskGroup: "web", NodeName: "n1", ClientStatus: "running", DeploymentStatus: { Healthy: true } },
  {
    ID: "alloc-bad-1",
    TaskGroup: "web",
    NodeName: "n2",
    ClientStatus: "failed",
    DeploymentStatus: { Healthy: false },
    TaskStates: { server: { Events: [{ DisplayMessage: "Task received" }, { DisplayMessage: "Exit Code: 7" }] } },
  },
];

test("a deployment is followed until it is successful, saying how far it is", async () => {
  const steps = [
    { Status: "running", TaskGroups: groups(1) },
    { Status: "successful", TaskGroups: groups(2) },
  ];
  await untilDeployed(
    api({ "/v1/evaluation/e1": [{ Status: "pending" }, evaluated], "/v1/deployment/d1": steps }),
    "e1",
    operation(30),
  );
  expect(said).toEqual(["running, web 1 of 2 healthy"]);
});

test("a failed deployment names the allocations that failed and their last events", async () => {
  const failed = { Status: "failed", StatusDescription: "Failed due to progress deadline", TaskGroups: groups(1) };
  const answers = {
    "/v1/evaluation/e1": [evaluated],
    "/v1/deployment/d1": [failed],
    "/v1/deployment/allocations/d1": [allocations],
  };
  await expect(untilDeployed(api(answers), "e1", operation(30))).rejects.toThrow(
    "the deployment d1 failed: Failed due to progress deadline\n" +
      "allocation alloc-ba (web on n2) is failed: server: Task received; Exit Code: 7",
  );
});

test("a deployment that takes too long says what it waits for, and what could not be placed", async () => {
  const evaluation = {
    ...evaluated,
    FailedTGAllocs: { web: { NodesEvaluated: 3, ConstraintFiltered: { "missing drivers": 3 } } },
  };
  const running = { Status: "running", TaskGroups: groups(0) };
  const answers = {
    "/v1/evaluation/e1": [evaluation],
    "/v1/deployment/d1": [running],
    "/v1/deployment/allocations/d1": [[]],
  };
  await expect(untilDeployed(api(answers), "e1", operation(0))).rejects.toThrow(
    /timed out after 1 s waiting for the deployment d1: running, web 0 of 2 healthy.*\ngroup "web" cannot be placed, 3 nodes evaluated, missing drivers: 3 nodes/s,
  );
});

test("a job without a deployment is done when it has been evaluated", async () => {
  await untilDeployed(api({ "/v1/evaluation/e1": [{ Status: "complete" }] }), "e1", operation(30));
});

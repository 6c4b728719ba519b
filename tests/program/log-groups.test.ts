import * as pulumi from "@pulumi/pulumi";
import { LogGroups } from "../../components/log-groups";
import { type RecordingMocks, settle, startMocks, valueOf } from "./recording-mocks";
import { PROGRAM_TIMEOUT_MS } from "./run-program";

describe("the log groups", () => {
  let mocks: RecordingMocks;
  let logs: LogGroups;
  beforeAll(async () => {
    mocks = await startMocks("up");
    const identity = { project: "cluster", stack: "test", cluster: "cluster-test" };
    logs = new LogGroups("logs", { identity, retentionDays: 90, encryptionKeyArn: pulumi.output("arn:key") });
    await settle(mocks);
  }, PROGRAM_TIMEOUT_MS);

  it("keep agents' lines apart from jobs', for as long as is asked for, under a name that the cluster's key knows", () => {
    const groups = mocks.ofType("aws:cloudwatch/logGroup:LogGroup");
    expect(Object.fromEntries(Object.entries(groups).map(([name, { inputs }]) => [name, inputs]))).toEqual({
      "logs-agents": {
        ...{ name: "/cluster-test/agents", retentionInDays: 90, kmsKeyId: "arn:key" },
        tags: expect.objectContaining({
          Project: "cluster",
          Stack: "test",
          Component: "logs",
          Name: expect.any(String),
        }),
      },
      "logs-jobs": {
        ...{ name: "/cluster-test/jobs", retentionInDays: 90, kmsKeyId: "arn:key" },
        tags: expect.objectContaining({
          Project: "cluster",
          Stack: "test",
          Component: "logs",
          Name: expect.any(String),
        }),
      },
    });
    expect(logs.path).toBe("/cluster-test");
  });

  it("let hosts make streams and add events, in these groups only", async () => {
    expect(await valueOf(pulumi.output(logs.statement))).toEqual({
      Sid: "WriteLogs",
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: ["arn:logs-agents:log-stream:*", "arn:logs-jobs:log-stream:*"],
    });
  });
});

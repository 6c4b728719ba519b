import { DescribeInstancesCommand, GetConsoleOutputCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { autoscalingAnswers } from "./answers-autoscaling";
import { ec2Answers } from "./answers-ec2";
import { elbAnswers } from "./answers-elb";
import { Refreshes } from "./instance-refresh";
import { startTestCloud, type TestCloud } from "./testing";

jest.setTimeout(300_000);

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await startTestCloud((context) => ({
    ...ec2Answers,
    ...elbAnswers,
    ...autoscalingAnswers(new Refreshes(context, { pollMs: 20, batchSeconds: 10 })),
  }));
});
afterAll(() => cloud?.stop());

test("x", async () => {
  console.log(cloud.endpoint);
  const { execFileSync } = require("node:child_process");
  await new Promise((resolve) => {
    const { execFile } = require("node:child_process");
    execFile("/tmp/cloudvenv/bin/python", ["/tmp/cloudprobe/probe.py", cloud.endpoint], { maxBuffer: 1e8 }, (e: any, out: string, err: string) => {
      require("fs").writeFileSync("/tmp/cloudprobe/out2.txt", out + err);
      resolve(0);
    });
  });
  console.log(cloud.logged.slice(0, 20), cloud.hypervisor.pokes);
});

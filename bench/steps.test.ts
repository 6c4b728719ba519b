import { stepOf, stepsOf } from "./steps";

const said = [
  { line: "[   0 s] … Waiting for the cluster, 4 s: Nomad has 1 of 2 workers", at: 1 },
  { line: "[   3 s] + aws:ec2:Vpc network created", at: 3.1 },
  { line: "[  12 s] ~ docker-build:index:Image backend-image updated in 9 s (contextHash, tags[0])", at: 12.4 },
  { line: "[  14 s] ± aws:ec2:Instance servers-1 replaced in 2 s", at: 14 },
  { line: "[  15 s] + aws:ec2:Instance servers-2 created replacement in 1 s", at: 15 },
  { line: "[  16 s] - aws:ec2:Instance servers-2 deleted replaced", at: 16 },
  { line: "[  20 s] … nomad:index:Job backend-job: update, 10 s so far: 1 of 2 healthy", at: 20 },
  { line: "[  41 s] ~ nomad:index:Job backend-job updated in 29 s (hcl2)", at: 41.2 },
  { line: "[  41 s] error: frontend-job: has failed", at: 41.3 },
  { line: "up: 2 update, 188 unchanged, in 44 s", at: 44 },
];

it("tells what a run has changed, how long each took, and when it was done", () => {
  expect(stepsOf(said)).toEqual([
    { resource: "aws:ec2:Vpc network", seconds: 0, doneAt: 3.1 },
    { resource: "docker-build:index:Image backend-image", seconds: 9, doneAt: 12.4 },
    { resource: "aws:ec2:Instance servers-1", seconds: 2, doneAt: 14 },
    { resource: "aws:ec2:Instance servers-2", seconds: 1, doneAt: 15 },
    { resource: "aws:ec2:Instance servers-2", seconds: 0, doneAt: 16 },
    { resource: "nomad:index:Job backend-job", seconds: 29, doneAt: 41.2 },
  ]);
});

it("says what has changed instead, where a resource has not", () => {
  const steps = stepsOf(said.slice(0, 3));
  expect(stepOf({ steps }, "aws:ec2:Vpc network").doneAt).toBe(3.1);
  expect(() => stepOf({ steps }, "nomad:index:Job backend-job")).toThrow(
    "expected a change of nomad:index:Job backend-job, got aws:ec2:Vpc network, docker-build:index:Image backend-image",
  );
  expect(() => stepOf({ steps: [] }, "x")).toThrow("expected a change of x, got none at all");
});

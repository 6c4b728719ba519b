import { propagatedTags, tagged } from "./tags";
import { judge } from "./test-resources";
import { AUTOSCALING_GROUP, VPC } from "./types";

const tags = { Project: "cluster", Stack: "dev", Component: "network" };
const group = (entries: object, propagateAtLaunch = true) => ({
  type: AUTOSCALING_GROUP,
  props: { tags: Object.entries(entries).map(([key, value]) => ({ key, value, propagateAtLaunch })) },
});

describe("tagged", () => {
  it("lets tagged resources pass, those that take no tags, and those that are not of AWS", () => {
    expect(judge(tagged, { type: VPC, props: { tags } })).toEqual([]);
    expect(judge(tagged, group(tags))).toEqual([]);
    expect(judge(tagged, { type: "aws:ec2/route:Route" })).toEqual([]);
    expect(judge(tagged, { type: "nomad:index/job:Job" })).toEqual([]);
  });

  it("names each tag that is missing", () => {
    expect(judge(tagged, { type: "aws:sqs/queue:Queue" })).toEqual([
      'tags.Project: expected "cluster", got nothing; use resourceTags()',
      'tags.Stack: expected "dev", got nothing; use resourceTags()',
      "tags.Component: expected a part of the program, got nothing; use resourceTags()",
    ]);
    expect(judge(tagged, group({ ...tags, Component: "" }))).toEqual([
      'tags.Component: expected a part of the program, got ""; use resourceTags()',
    ]);
  });

  it("wants them to be true", () => {
    expect(judge(tagged, { type: VPC, stack: "prod", props: { tags } })).toEqual([
      'tags.Stack: expected "prod", got "dev"; use resourceTags()',
    ]);
  });
});

it("propagated-tags wants hosts to get their group's tags", () => {
  expect(judge(propagatedTags, group(tags))).toEqual([]);
  expect(judge(propagatedTags, group({ Role: "worker" }, false))).toEqual([
    "tags.Role.propagateAtLaunch: expected true, got false; set it to true",
  ]);
});

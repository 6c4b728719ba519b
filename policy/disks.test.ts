import { encryptedDisks, flowLogs, protectedData } from "./disks";
import { judge } from "./test-resources";
import { FLOW_LOG, INSTANCE, KEY, LAUNCH_TEMPLATE, REPOSITORY, VOLUME, VPC } from "./types";

describe("encrypted-disks", () => {
  it.each([
    [VOLUME, { encrypted: true }],
    [INSTANCE, { rootBlockDevice: { encrypted: true }, ebsBlockDevices: [{ encrypted: true }] }],
    [LAUNCH_TEMPLATE, { blockDeviceMappings: [{ ebs: { encrypted: "true" } }] }],
  ])("lets %s with %j pass", (type, props) => expect(judge(encryptedDisks, { type, props })).toEqual([]));

  it.each([
    [VOLUME, {}, ["encrypted: expected true, got nothing; set it to true"]],
    [INSTANCE, {}, ["rootBlockDevice.encrypted: expected true, got nothing; set it to true"]],
    [
      INSTANCE,
      { rootBlockDevice: { encrypted: true }, ebsBlockDevices: [{ encrypted: false }] },
      ["ebsBlockDevices.encrypted: expected true, got false; set it to true"],
    ],
    [
      LAUNCH_TEMPLATE,
      { blockDeviceMappings: [{ virtualName: "ephemeral0" }] },
      ["blockDeviceMappings: expected the root disk, encrypted, got nothing; map it with encrypted: true"],
    ],
    [
      LAUNCH_TEMPLATE,
      { blockDeviceMappings: [{ ebs: { encrypted: "true" } }, { ebs: {} }] },
      ['blockDeviceMappings.ebs.encrypted: expected "true", got nothing; set it to "true"'],
    ],
  ])("refuses %s with %j", (type, props, messages) => expect(judge(encryptedDisks, { type, props })).toEqual(messages));
});

describe("protected-data", () => {
  it.each([VOLUME, KEY])("wants prod's %s protected", (type) => {
    expect(judge(protectedData, { type, stack: "prod", protect: true })).toEqual([]);
    expect(judge(protectedData, { type, stack: "prod" })).toEqual([
      "protect: expected true, got false; set cluster:protect to true for this stack",
    ]);
  });

  it("wants prod's repositories kept", () => {
    expect(judge(protectedData, { type: REPOSITORY, stack: "prod", props: { forceDelete: false } })).toEqual([]);
    expect(judge(protectedData, { type: REPOSITORY, stack: "prod", props: { forceDelete: true } })).toEqual([
      "forceDelete: expected false, got true; set cluster:protect to true for this stack",
    ]);
  });

  it("goes by the configured stacks", () => {
    const stacks = ["dev", "staging"];
    expect(judge(protectedData, { type: VOLUME, stack: "dev" })).toEqual([]);
    expect(judge(protectedData, { type: VOLUME, stack: "prod" }, { stacks })).toEqual([]);
    expect(judge(protectedData, { type: VOLUME, stack: "dev" }, { stacks })).toHaveLength(1);
  });
});

describe("flow-logs", () => {
  const vpc = { type: VPC, stack: "prod" };

  it("wants prod's VPCs recorded", () => {
    expect(judge(flowLogs, [vpc, { type: FLOW_LOG, stack: "prod", madeFrom: { vpcId: [vpc] } }])).toEqual([]);
    expect(judge(flowLogs, [vpc, { type: FLOW_LOG, stack: "prod" }])).toEqual([
      "expected a FlowLog of this VPC, got none; set cluster:flowLogs to true for this stack",
    ]);
  });

  it("leaves other stacks alone", () => expect(judge(flowLogs, { type: VPC, stack: "dev" })).toEqual([]));
});

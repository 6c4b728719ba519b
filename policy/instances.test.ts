import { launchTemplates, metadataHopLimit, metadataTokens, noPublicAddress } from "./instances";
import { judge } from "./test-resources";
import {
  AUTOSCALING_GROUP,
  EIP,
  EIP_ASSOCIATION,
  INSTANCE,
  LAUNCH_CONFIGURATION,
  LAUNCH_TEMPLATE,
  SUBNET,
} from "./types";

describe.each([INSTANCE, LAUNCH_TEMPLATE])("%s", (type) => {
  it("has to demand a token at the metadata service", () => {
    const got = (props: object) => judge(metadataTokens, { type, props });
    expect(got({ metadataOptions: { httpTokens: "required" } })).toEqual([]);
    expect(got({ metadataOptions: { httpTokens: "optional" } })).toEqual([
      'metadataOptions.httpTokens: expected "required", got "optional"; set it to "required"',
    ]);
    expect(got({})).toEqual(['metadataOptions.httpTokens: expected "required", got nothing; set it to "required"']);
  });

  it("has to keep the metadata service to itself", () => {
    const got = (props: object) => judge(metadataHopLimit, { type, props });
    expect(got({ metadataOptions: { httpPutResponseHopLimit: 1 } })).toEqual([]);
    expect(got({ metadataOptions: { httpPutResponseHopLimit: 2 } })).toEqual([
      "metadataOptions.httpPutResponseHopLimit: expected 1, got 2; set it to 1",
    ]);
  });
});

describe("no-public-address", () => {
  it.each([
    [INSTANCE, {}],
    [INSTANCE, { associatePublicIpAddress: false }],
    [INSTANCE, { associatePublicIpAddress: true, tags: { Role: "bastion" } }],
    [LAUNCH_TEMPLATE, {}],
    [LAUNCH_TEMPLATE, { networkInterfaces: [{ associatePublicIpAddress: "false" }, {}] }],
    [SUBNET, { mapPublicIpOnLaunch: false }],
    [EIP, { domain: "vpc" }],
  ])("lets %s with %j pass", (type, props) => expect(judge(noPublicAddress, { type, props })).toEqual([]));

  it.each([
    [
      INSTANCE,
      { associatePublicIpAddress: true, tags: { Role: "server", Name: "bastion" } },
      "associatePublicIpAddress: expected false, got true; leave it out, or give a host that is a bastion the tag Role=bastion",
    ],
    [
      LAUNCH_TEMPLATE,
      { networkInterfaces: [{ associatePublicIpAddress: "true" }] },
      'networkInterfaces.associatePublicIpAddress: expected false, got "true"; leave it out',
    ],
    [
      SUBNET,
      { mapPublicIpOnLaunch: true },
      "mapPublicIpOnLaunch: expected false, got true; leave it out, and ask for an address host by host",
    ],
    [EIP, { instance: "i-1" }, "instance: expected nothing, got a host to attach a public address to; remove it"],
    [EIP_ASSOCIATION, {}, "expected no public address to be attached to a host, got an EipAssociation; remove it"],
  ])("refuses %s with %j", (type, props, message) =>
    expect(judge(noPublicAddress, { type, props })).toEqual([message]),
  );
});

describe("launch-templates", () => {
  it("lets groups with a template pass", () => {
    expect(judge(launchTemplates, { type: AUTOSCALING_GROUP, props: { launchTemplate: {} } })).toEqual([]);
    expect(judge(launchTemplates, { type: AUTOSCALING_GROUP, props: { mixedInstancesPolicy: {} } })).toEqual([]);
  });

  it("refuses launch configurations, and groups without a template", () => {
    expect(judge(launchTemplates, { type: LAUNCH_CONFIGURATION })).toEqual([
      "expected a LaunchTemplate, got a LaunchConfiguration; make it a LaunchTemplate",
    ]);
    expect(judge(launchTemplates, { type: AUTOSCALING_GROUP, props: { launchConfiguration: "old" } })).toEqual([
      "launchTemplate: expected it or a mixedInstancesPolicy, got neither; name a LaunchTemplate",
    ]);
  });
});

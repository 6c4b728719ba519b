import type { RecordingMocks } from "./recording-mocks";
import { encryptedWith } from "./encryption";
import { billedFor, registeredBill, unjudgedTypes } from "./registered-bill";
import { PROD_COUNTS } from "./resource-counts";
import { PROGRAM_TIMEOUT_MS, runProgram } from "./run-program";

describe("the program for prod", () => {
  let mocks: RecordingMocks;
  beforeAll(async () => {
    mocks = (await runProgram("prod", "up")).mocks;
  }, PROGRAM_TIMEOUT_MS);

  it("registers exactly these resources", () => {
    expect(mocks.counts()).toEqual(PROD_COUNTS);
  });

  it("has all that an estimate of its price takes it to have, and nothing else that AWS bills", () => {
    expect(registeredBill(mocks)).toEqual(billedFor("prod"));
    expect(unjudgedTypes(mocks)).toEqual([]);
  });

  it("spreads servers over three zones, each with a way out of its own", () => {
    const servers = Object.entries(mocks.ofType("aws:ec2/networkInterface:NetworkInterface"));
    expect(servers.map(([name, { inputs }]) => [name, inputs.subnetId])).toEqual([
      ["servers-1", "network-private-a-id"],
      ["servers-2", "network-private-b-id"],
      ["servers-3", "network-private-c-id"],
    ]);
    const routes = mocks.ofType("aws:ec2/route:Route");
    for (const zone of ["a", "b", "c"]) {
      expect(routes[`network-private-${zone}-nat`]!.inputs).toEqual({
        routeTableId: `network-private-${zone}-id`,
        destinationCidrBlock: "0.0.0.0/0",
        natGatewayId: `network-nat-${zone}-id`,
      });
    }
  });

  it("refuses to delete the servers' data volumes, their key, backups, and image repositories that hold images", () => {
    const volumes = mocks.ofType("aws:ebs/volume:Volume");
    expect(Object.keys(volumes)).toEqual(["servers-1-data", "servers-2-data", "servers-3-data"]);
    for (const { inputs, options } of Object.values(volumes)) {
      expect(options.protect).toBe(true);
      expect(inputs).toMatchObject({ type: "gp3", size: 50, encrypted: true });
    }
    for (const { inputs } of Object.values(mocks.ofType("aws:ecr/repository:Repository")))
      expect(inputs).toMatchObject({ forceDelete: false, imageTagMutability: "IMMUTABLE" });
    const protectedTypes = mocks.registrations.filter(({ options }) => options.protect).map(({ type }) => type);
    expect([...new Set(protectedTypes)].sort()).toEqual([
      "aws:ebs/volume:Volume",
      "aws:kms/key:Key",
      "aws:s3/bucket:Bucket",
    ]);
  });

  it("encrypts disks, backups, parameters, images and logs with its own key", () => {
    const arn = "arn:encryption-key";
    expect(encryptedWith(mocks)).toEqual({
      ...Object.fromEntries(["bastion", "servers-1", "servers-2", "servers-3"].map((name) => [name, arn])),
      ...Object.fromEntries([1, 2, 3].map((number) => [`servers-${number}-data`, arn])),
      ...{ backups: arn, "logs-agents": arn, "logs-jobs": arn },
      ...{ "workers-edge": arn, "workers-inner": arn, "network-flow-logs": arn },
      ...{ "secrets-servers-acl": arn, "secrets-servers-consul": arn, "secrets-servers-nomad": arn },
      ...{ "secrets-servers-tls": arn, "secrets-workers-consul": arn, "secrets-workers-nomad": arn },
      ...{ "secrets-workers-tls": arn, "backend-image": arn, "edge-image": arn, "frontend-image": arn },
    });
  });

  it("keeps the APIs' load balancer internal, with the bastion as the only way in", () => {
    expect(mocks.ofType("aws:lb/loadBalancer:LoadBalancer")["api"]!.inputs).toMatchObject({
      internal: true,
      loadBalancerType: "network",
      subnets: ["network-private-a-id", "network-private-b-id", "network-private-c-id"],
    });
    const rules = Object.values(mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"));
    const intoApi = rules.filter(({ inputs }) => inputs.securityGroupId === "api-id");
    expect(intoApi.map(({ inputs }) => [inputs.referencedSecurityGroupId, inputs.cidrIpv4, inputs.fromPort])).toEqual([
      ["bastion-id", undefined, 4646],
      ["bastion-id", undefined, 8501],
    ]);
  });

  it("runs Traefik, and lets traffic in, on the edge pool alone", () => {
    expect(mocks.ofType("nomad:index/job:Job")["edge-job"]!.inputs.hcl2.vars.node_pool_classes).toBe("edge");
    const attachments = Object.values(mocks.ofType("aws:autoscaling/attachment:Attachment"));
    expect(attachments.map(({ inputs }) => inputs.autoscalingGroupName)).toEqual(["workers-edge"]);
    const rules = Object.values(mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"));
    const fromUsers = rules.filter(({ inputs }) => inputs.referencedSecurityGroupId === "edge-id");
    expect(fromUsers.map(({ inputs }) => [inputs.securityGroupId, inputs.fromPort, inputs.toPort])).toEqual([
      ["workers-edge-id", 8080, 8080],
      ["workers-edge-id", 8081, 8081],
    ]);
  });

  it("buys half of the inner workers on the spot market, of three types", () => {
    const { inputs, options } = mocks.ofType("aws:autoscaling/group:Group")["workers-inner"]!;
    expect(inputs).toMatchObject({ minSize: 2, maxSize: 12, desiredCapacity: 3 });
    expect(inputs.mixedInstancesPolicy).toEqual({
      launchTemplate: {
        launchTemplateSpecification: { launchTemplateId: "workers-inner-id", version: "1" },
        overrides: [{ instanceType: "m6i.large" }, { instanceType: "m6a.large" }, { instanceType: "m5.large" }],
      },
      instancesDistribution: {
        onDemandPercentageAboveBaseCapacity: 50,
        spotAllocationStrategy: "price-capacity-optimized",
      },
    });
    expect(options.ignoreChanges).toEqual(["desiredCapacity", "targetGroupArns"]);
  });

  it("opens nothing to the world but the edge's HTTP port", () => {
    const rules = Object.values(mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"));
    const open = rules.filter(({ inputs }) => inputs.cidrIpv4 !== undefined);
    expect(open.map(({ name, inputs }) => [name, inputs.cidrIpv4, inputs.fromPort, inputs.toPort])).toEqual([
      ["edge-from-anywhere-tcp-80", "0.0.0.0/0", 80, 80],
    ]);
  });
});

import { gunzipSync } from "node:zlib";
import { createHosts } from "./cluster-hosts";
import { type RecordingMocks, settle, startMocks } from "./recording-mocks";
import { PROGRAM_TIMEOUT_MS } from "./run-program";

describe("the cluster's hosts", () => {
  let mocks: RecordingMocks;
  beforeAll(async () => {
    mocks = await startMocks("up");
    createHosts();
    await settle(mocks);
  }, PROGRAM_TIMEOUT_MS);

  const policy = (name: string) =>
    (JSON.parse(mocks.ofType("aws:iam/rolePolicy:RolePolicy")[name]!.inputs.policy) as { Statement: unknown[] })
      .Statement;

  /** Rules into a group as `peer protocol/from-to`, without the others. */
  function rulesInto(group: string): string[] {
    return Object.values(mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"))
      .filter(({ inputs }) => inputs.securityGroupId === `${group}-id`)
      .map(({ inputs }) => {
        const peer = inputs.cidrIpv4 ?? inputs.referencedSecurityGroupId.replace(/-id$/, "");
        const ports = inputs.fromPort === inputs.toPort ? inputs.fromPort : `${inputs.fromPort}-${inputs.toPort}`;
        return `${peer} ${inputs.ipProtocol}/${ports}`;
      })
      .sort();
  }

  it("open between servers and workers exactly the ports that Consul and Nomad need", () => {
    expect(rulesInto("firewall-servers")).toEqual([
      "api tcp/4646",
      "api tcp/8501",
      "firewall-servers tcp/4647",
      "firewall-servers tcp/4648",
      "firewall-servers tcp/8300",
      "firewall-servers tcp/8301",
      "firewall-servers tcp/8302",
      "firewall-servers udp/4648",
      "firewall-servers udp/8301",
      "firewall-servers udp/8302",
      "firewall-workers tcp/4647",
      "firewall-workers tcp/8300",
      "firewall-workers tcp/8301",
      "firewall-workers udp/8301",
    ]);
    expect(rulesInto("firewall-workers")).toEqual([
      "firewall-servers tcp/8301",
      "firewall-servers udp/8301",
      "firewall-workers tcp/20000-32000",
      "firewall-workers tcp/8301",
      "firewall-workers udp/8301",
    ]);
    expect(rulesInto("workers")).toEqual([]);
  });

  it("open the APIs and SSH to the operators alone", () => {
    expect(rulesInto("api")).toEqual([
      "198.51.100.7/32 tcp/4646",
      "198.51.100.7/32 tcp/8501",
      "203.0.113.0/24 tcp/4646",
      "203.0.113.0/24 tcp/8501",
      "bastion tcp/4646",
      "bastion tcp/8501",
    ]);
    expect(rulesInto("bastion")).toEqual(["198.51.100.7/32 tcp/22", "203.0.113.0/24 tcp/22"]);
  });

  const writeLogs = {
    Sid: "WriteLogs",
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: ["arn:logs-agents:log-stream:*", "arn:logs-jobs:log-stream:*"],
  };
  const putMetrics = {
    Sid: "PutMetrics",
    Effect: "Allow",
    Action: ["cloudwatch:PutMetricData"],
    Resource: "*",
    Condition: { StringEquals: { "cloudwatch:namespace": "cluster-test" } },
  };

  it("let servers discover each other, read their own parameters, save backups, report lost workers, logs and metrics, and nothing else", () => {
    expect(policy("servers-policy")).toEqual([
      {
        Sid: "DiscoverServers",
        Effect: "Allow",
        Action: ["ec2:DescribeInstances"],
        Resource: "*",
        Condition: { StringEquals: { "aws:RequestedRegion": "eu-west-1" } },
      },
      {
        Sid: "ReadOwnParameters",
        Effect: "Allow",
        Action: ["ssm:GetParameters"],
        Resource: ["arn:aws:ssm:eu-west-1:123456789012:parameter/cluster-test/servers/*"],
      },
      { Sid: "ListBackups", Effect: "Allow", Action: ["s3:ListBucket"], Resource: "arn:backups" },
      { Sid: "SaveBackups", Effect: "Allow", Action: ["s3:PutObject"], Resource: "arn:backups/*" },
      {
        Sid: "ReportLostWorkers",
        Effect: "Allow",
        Action: ["autoscaling:SetInstanceHealth"],
        Resource: "arn:aws:autoscaling:eu-west-1:*:autoScalingGroup:*:autoScalingGroupName/cluster-test-*",
      },
      writeLogs,
      putMetrics,
    ]);
  });

  it("scale a pool by its need, which is slow to scale in, and tell CloudWatch of its size", () => {
    expect(mocks.ofType("aws:autoscaling/policy:Policy")["workers"]!.inputs).toEqual({
      autoscalingGroupName: "workers",
      policyType: "TargetTrackingScaling",
      estimatedInstanceWarmup: 180,
      targetTrackingConfiguration: {
        targetValue: 60,
        customizedMetricSpecification: {
          namespace: "cluster-test",
          metricName: "Need",
          metricDimensions: [{ name: "Pool", value: "inner" }],
          statistic: "Average",
        },
      },
    });
    const group = mocks.ofType("aws:autoscaling/group:Group")["workers"]!;
    expect(group.inputs.enabledMetrics).toEqual(["GroupDesiredCapacity", "GroupInServiceInstances"]);
    expect(group.options.ignoreChanges).toEqual(["desiredCapacity", "targetGroupArns"]);
  });

  it("have a group wait for a worker that leaves, as long as the worker says that it is at it", () => {
    expect(mocks.ofType("aws:autoscaling/group:Group")["workers"]!.inputs).toMatchObject({
      name: "cluster-test-workers",
      capacityRebalance: false,
    });
    const hooks = mocks.ofType("aws:autoscaling/lifecycleHook:LifecycleHook");
    expect(hooks["workers"]!.inputs).toEqual({
      name: "leave",
      autoscalingGroupName: "workers",
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      heartbeatTimeout: 120,
      defaultResult: "CONTINUE",
    });
    const { userData } = mocks.ofType("aws:ec2/launchTemplate:LaunchTemplate")["workers"]!.inputs;
    const text = gunzipSync(Buffer.from(userData, "base64")).toString("utf8");
    expect(text).toContain("GROUP='cluster-test-workers'\\nLIFECYCLE_HOOK='leave'");
  });

  it("let workers pull the stack's images, tell their group that they leave, report logs and metrics, and never read the servers' parameters", () => {
    const statements = policy("workers-policy");
    expect(JSON.stringify(statements)).not.toContain("parameter/cluster-test/servers");
    expect(statements.slice(2)).toEqual([
      { Sid: "LogInToRegistry", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: "*" },
      {
        Sid: "PullImages",
        Effect: "Allow",
        Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        Resource: ["arn:aws:ecr:eu-west-1:123456789012:repository/cluster-test/*"],
      },
      {
        Sid: "LeaveGroup",
        Effect: "Allow",
        Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
        Resource: "arn:aws:autoscaling:eu-west-1:*:autoScalingGroup:*:autoScalingGroupName/cluster-test-workers",
      },
      writeLogs,
      putMetrics,
    ]);
  });

  it("let the bastion be reached by Session Manager, and read no parameter", () => {
    expect(JSON.stringify(policy("bastion-policy"))).not.toMatch(/ssm:Get/);
    expect(policy("bastion-policy")).toHaveLength(1);
  });

  it("deal servers out to the zones, each with an address and an encrypted volume in its own zone that stay when it is replaced", () => {
    const instances = mocks.ofType("aws:ec2/instance:Instance");
    const interfaces = mocks.ofType("aws:ec2/networkInterface:NetworkInterface");
    const volumes = mocks.ofType("aws:ebs/volume:Volume");
    const attachments = mocks.ofType("aws:ec2/volumeAttachment:VolumeAttachment");
    const zones = ["a", "b", "a", "b", "a"];
    zones.forEach((zone, index) => {
      const name = `servers-${index + 1}`;
      expect(interfaces[name]!.inputs).toMatchObject({
        subnetId: `network-private-${zone}-id`,
        securityGroups: ["firewall-servers-id"],
      });
      expect(instances[name]!.inputs.primaryNetworkInterface).toEqual({ networkInterfaceId: `${name}-id` });
      expect(volumes[`${name}-data`]!.inputs).toMatchObject({
        availabilityZone: `eu-west-1${zone}`,
        type: "gp3",
        size: 10,
        encrypted: true,
      });
      expect(attachments[`${name}-data`]!.inputs).toMatchObject({
        deviceName: "/dev/sdf",
        instanceId: `${name}-id`,
        volumeId: `vol-${Buffer.from(`${name}-data`).toString("hex")}`,
      });
    });
    expect(Object.keys(volumes)).toHaveLength(5);
  });

  it("keep each server where its disk is", () => {
    for (const index of [1, 2, 3, 4, 5]) {
      const { madeFrom } = mocks.ofType("aws:ec2/networkInterface:NetworkInterface")[`servers-${index}`]!.options;
      expect(madeFrom.subnetId).toContain(`aws:ebs/volume:Volume::servers-${index}-data`);
    }
  });

  it("tell each server, in its user data, how many there are and which volume is its own", () => {
    const { userDataBase64 } = mocks.ofType("aws:ec2/instance:Instance")["servers-3"]!.inputs;
    const text = gunzipSync(Buffer.from(userDataBase64, "base64")).toString("utf8");
    const said = /SERVERS='(\d+)'.*DATA_VOLUME_ID='(vol-[0-9a-f]+)'/.exec(text);
    expect(said?.slice(1)).toEqual(["5", `vol-${Buffer.from("servers-3-data").toString("hex")}`]);
  });

  it("demand IMDSv2 without a further hop, and encrypt every root volume", () => {
    const metadataOptions = {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "enabled",
    };
    for (const { inputs } of Object.values(mocks.ofType("aws:ec2/instance:Instance"))) {
      expect(inputs.metadataOptions).toEqual(metadataOptions);
      expect(inputs.rootBlockDevice).toMatchObject({ encrypted: true, volumeType: "gp3" });
    }
    const template = mocks.ofType("aws:ec2/launchTemplate:LaunchTemplate")["workers"]!.inputs;
    expect(template.metadataOptions).toEqual(metadataOptions);
    expect(template.blockDeviceMappings).toEqual([
      {
        deviceName: "/dev/xvda",
        ebs: { volumeType: "gp3", volumeSize: 20, encrypted: "true", deleteOnTermination: "true" },
      },
    ]);
  });

  it("replace a server in place, after the old one let go of its volume, and never for a newer image alone", () => {
    const { options, inputs } = mocks.ofType("aws:ec2/instance:Instance")["servers-1"]!;
    expect(options).toMatchObject({ deleteBeforeReplace: true, ignoreChanges: ["ami", "rootBlockDevice.kmsKeyId"] });
    expect(inputs.userDataReplaceOnChange).toBe(true);
    expect(options.dependsOn).toEqual(expect.arrayContaining(["network-private-a-nat", "network-private-b-nat"]));
  });

  it("replace no data volume for another key or another number of zones", () => {
    for (const { options } of Object.values(mocks.ofType("aws:ebs/volume:Volume"))) {
      expect(options.ignoreChanges).toEqual(["kmsKeyId", "availabilityZone"]);
    }
    expect(mocks.ofType("aws:ec2/instance:Instance")["bastion"]!.options.ignoreChanges).toEqual([
      "ami",
      "rootBlockDevice.kmsKeyId",
    ]);
  });

  it("mark servers alone for auto-join", () => {
    const instances = mocks.ofType("aws:ec2/instance:Instance");
    expect(instances["servers-1"]!.inputs.tags).toEqual({
      Project: "cluster",
      Stack: "test",
      Cluster: "cluster-test",
      Component: "servers",
      Name: "cluster-test-server-1",
      Role: "server",
      ConsulServers: "cluster-test",
    });
    expect(instances["bastion"]!.inputs.tags).not.toHaveProperty("ConsulServers");
    const tags = mocks.ofType("aws:autoscaling/group:Group")["workers"]!.inputs.tags as {
      key: string;
      value: string;
    }[];
    expect(tags).toContainEqual({ key: "Role", value: "worker", propagateAtLaunch: true });
    expect(tags.map(({ key }) => key)).not.toContain("ConsulServers");
  });

  it("scale workers within bounds, and roll them when their template changes", () => {
    const { inputs, options } = mocks.ofType("aws:autoscaling/group:Group")["workers"]!;
    expect(inputs).toMatchObject({
      minSize: 1,
      maxSize: 3,
      desiredCapacity: 2,
      healthCheckType: "EC2",
      healthCheckGracePeriod: 300,
      vpcZoneIdentifiers: ["network-private-a-id", "network-private-b-id"],
      launchTemplate: { id: "workers-id", version: "1" },
      instanceRefresh: { strategy: "Rolling" },
    });
    expect(inputs).not.toHaveProperty("mixedInstancesPolicy");
    expect(options.ignoreChanges).toEqual(["desiredCapacity", "targetGroupArns"]);
  });
});

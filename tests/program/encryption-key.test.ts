import * as pulumi from "@pulumi/pulumi";
import { AppImage } from "../../components/app-image";
import { ClusterSecrets } from "../../components/cluster-secrets";
import { EncryptionKey } from "../../components/encryption-key";
import { Network } from "../../components/network";
import { type RecordingMocks, settle, startMocks, valueOf } from "./recording-mocks";
import { PROGRAM_TIMEOUT_MS } from "./run-program";

const identity = { project: "cluster", stack: "test", cluster: "cluster-test" };
const region = "eu-west-1";
const ACCOUNT = "123456789012";

describe("a key of the cluster's own", () => {
  let mocks: RecordingMocks;
  let key: EncryptionKey;
  let statements: Record<string, readonly unknown[]>;
  beforeAll(async () => {
    mocks = await startMocks("up");
    key = new EncryptionKey("key", { identity, region, protect: true });
    new EncryptionKey("open", { identity, region, protect: false });
    new Network("network", {
      ...{ identity, region, vpcCidr: "10.42.0.0/16", zones: 1, natGateways: "none" },
      flowLogs: true,
      encryptionKeyArn: key.arn,
    });
    const secrets = new ClusterSecrets("secrets", {
      ...{ identity, region, datacenter: "dc1", apiNames: [], certificateSeries: 1 },
      encryptionKeyArn: key.arn,
    });
    new AppImage("image", { identity, app: "backend", deleteImages: true, encryptionKeyArn: key.arn });
    const read = (role: "servers" | "workers") => valueOf(pulumi.output(secrets.readStatements(role)));
    statements = { servers: await read("servers"), workers: await read("workers") };
    await settle(mocks);
  }, PROGRAM_TIMEOUT_MS);

  it("rotates, is deleted after a month at the earliest, and goes by the cluster's name", () => {
    const { inputs, options } = mocks.ofType("aws:kms/key:Key")["key"]!;
    expect(inputs).toMatchObject({ enableKeyRotation: true, deletionWindowInDays: 30 });
    expect(inputs.tags).toMatchObject({ Project: "cluster", Stack: "test", Component: "encryption" });
    expect(options).toMatchObject({ parent: "key", protect: true });
    expect(mocks.ofType("aws:kms/key:Key")["open"]!.options.protect).toBe(false);
    expect(mocks.ofType("aws:kms/alias:Alias")["key"]!.inputs).toEqual({
      name: "alias/cluster-test",
      targetKeyId: "key-id",
    });
  });

  it("may be used by whom IAM lets, by CloudWatch Logs for the cluster's groups, and by Auto Scaling for volumes", () => {
    const use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];
    const groups = `arn:aws:iam::${ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
    const document = JSON.parse(mocks.ofType("aws:kms/key:Key")["key"]!.inputs.policy) as { Statement: unknown[] };
    expect(document.Statement).toEqual([
      {
        Sid: "DelegateToIam",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: ["kms:*"],
        Resource: "*",
      },
      {
        Sid: "EncryptOwnLogGroups",
        Effect: "Allow",
        Principal: { Service: "logs.eu-west-1.amazonaws.com" },
        Action: use,
        Resource: "*",
        Condition: {
          ArnLike: {
            "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/cluster-test/*`,
          },
        },
      },
      { Sid: "EncryptVolumesOfGroups", Effect: "Allow", Principal: { AWS: groups }, Action: use, Resource: "*" },
      {
        Sid: "AttachVolumesOfGroups",
        Effect: "Allow",
        Principal: { AWS: groups },
        Action: ["kms:CreateGrant"],
        Resource: "*",
        Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
      },
    ]);
  });

  it("encrypts flow logs in a group whose name its policy takes in", () => {
    expect(mocks.ofType("aws:cloudwatch/logGroup:LogGroup")["network-flow-logs"]!.inputs).toMatchObject({
      name: "/cluster-test/flow-logs",
      kmsKeyId: "arn:key",
    });
  });

  it.each(["servers", "workers"])(
    "lets %s decrypt their own parameters only, by way of Parameter Store only",
    (role) => {
      const own = `arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/cluster-test/${role}/*`;
      expect(statements[role]).toEqual([
        { Sid: "ReadOwnParameters", Effect: "Allow", Action: ["ssm:GetParameters"], Resource: [own] },
        {
          Sid: "DecryptOwnParameters",
          Effect: "Allow",
          Action: ["kms:Decrypt"],
          Resource: ["arn:key"],
          Condition: {
            StringEquals: { "kms:ViaService": "ssm.eu-west-1.amazonaws.com" },
            ArnLike: { "kms:EncryptionContext:PARAMETER_ARN": own },
          },
        },
      ]);
    },
  );

  it("replaces no repository that exists", () => {
    const { inputs, options } = mocks.ofType("aws:ecr/repository:Repository")["image"]!;
    expect(inputs.encryptionConfigurations).toEqual([{ encryptionType: "KMS", kmsKey: "arn:key" }]);
    expect(options.ignoreChanges).toEqual(["encryptionConfigurations"]);
  });
});

import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  DeleteRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
} from "@aws-sdk/client-iam";
import { EncryptCommand, GetKeyPolicyCommand, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { operator, type Session } from "./sessions";
import { startTestCloud, type TestCloud } from "./testing";
import { allow, as, message, policy, refusal, roleOf, type Statement } from "./testing/roles";

jest.setTimeout(300_000);

const parameters = "arn:aws:ssm:eu-west-1:123456789012:parameter";

let cloud: TestCloud;
let workers: Session;

beforeAll(async () => {
  cloud = await startTestCloud();
  const ssm = new SSMClient({ endpoint: cloud.endpoint, region: "eu-west-1", credentials: operator });
  const put = (Name: string, Value: string) => ssm.send(new PutParameterCommand({ Name, Value, Type: "SecureString" }));
  await put("/blue/servers/gossip-key", "for servers only");
  for (let number = 0; number < 12; number += 1) await put(`/blue/workers/key-${number}`, `secret ${number}`);
  workers = await roleOf(
    cloud,
    "workers",
    {
      Action: "ec2:DescribeInstances",
      Condition: { StringEquals: { "aws:RequestedRegion": "eu-west-1" } },
    },
    ...["GetParameter", "GetParameters", "GetParametersByPath"].map((action) => ({
      Action: `ssm:${action}`,
      Resource: [`${parameters}/blue/workers`, `${parameters}/blue/workers/*`],
    })),
  );
});
afterAll(() => cloud?.stop());

test("a role reads its own path, ten parameters to a page, in clear only when it asks for that", async () => {
  const ssm = new SSMClient(as(cloud, workers));
  const page = (NextToken?: string, WithDecryption = true) =>
    ssm.send(new GetParametersByPathCommand({ Path: "/blue/workers", WithDecryption, NextToken }));
  const first = await page();
  const second = await page(first.NextToken);
  expect([first.Parameters!.length, second.Parameters!.length, second.NextToken]).toEqual([10, 2, undefined]);
  const values = [...first.Parameters!, ...second.Parameters!].map(({ Name, Value }) => [Name, Value] as const);
  const expected = Array.from({ length: 12 }, (_each, number) => [`/blue/workers/key-${number}`, `secret ${number}`]);
  expect(new Map(values)).toEqual(new Map(expected as [string, string][]));

  const get = async (WithDecryption: boolean): Promise<string> =>
    (await ssm.send(new GetParameterCommand({ Name: "/blue/workers/key-1", WithDecryption }))).Parameter!.Value!;
  expect(await get(true)).toBe("secret 1");
  const ciphertext = await get(false);
  expect(ciphertext).toMatch(/^[A-Za-z0-9+/]{40,}=*$/);
  expect(Buffer.from(ciphertext, "base64").includes("secret")).toBe(false);
  expect((await page(undefined, false)).Parameters![1]!.Value).toBe(ciphertext);
});

test("a role reads no other role's path, neither by path nor by name nor among its own", async () => {
  const ssm = new SSMClient(as(cloud, workers));
  const byPath = new GetParametersByPathCommand({ Path: "/blue/servers", WithDecryption: true });
  const place = ` on resource: ${parameters}/blue/servers`;
  expect(await refusal(ssm.send(byPath))).toEqual([
    ...[400, "AccessDeniedException", message("workers", "ssm:GetParametersByPath", place)],
  ]);
  const names = ["/blue/workers/key-1", "/blue/servers/gossip-key"];
  expect(await refusal(ssm.send(new GetParametersCommand({ Names: names })))).toEqual([
    ...[400, "AccessDeniedException", message("workers", "ssm:GetParameters", `${place}/gossip-key`)],
  ]);
  expect(await refusal(ssm.send(new GetParameterCommand({ Name: `${parameters}/blue/servers/gossip-key` })))).toEqual([
    ...[400, "AccessDeniedException", message("workers", "ssm:GetParameter", `${place}/gossip-key`)],
  ]);
  expect((await refusal(ssm.send(new DeleteParameterCommand({ Name: "/blue/workers/key-1" }))))[1]).toBe(
    "AccessDeniedException",
  );
});

describe("parameters with a key of the customer's own", () => {
  let key: string;
  let role: Session;
  const names = ["/green/workers/one", "/green/workers/two"];
  const decrypt = (condition: object = {}): Statement => ({
    Action: "kms:Decrypt",
    Resource: key,
    Condition: {
      StringEquals: { "kms:ViaService": "ssm.eu-west-1.amazonaws.com" },
      ArnLike: { "kms:EncryptionContext:PARAMETER_ARN": `${parameters}/green/workers/*` },
      ...condition,
    },
  });
  const refused = () => {
    const about = "Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: ";
    return message("green", "kms:Decrypt", ` on resource: ${key}`) + ` (${about}`;
  };
  const ssm = () => new SSMClient(as(cloud, role));
  const get = (WithDecryption = true, Names = names) => ssm().send(new GetParametersCommand({ Names, WithDecryption }));

  beforeAll(async () => {
    key = (await cloud.aws("kms", "create-key", "--query", "KeyMetadata.Arn", "--output", "text")).trim();
    const own = ["--type", "SecureString", "--value", "hidden", "--key-id", key];
    for (const name of names) await cloud.aws("ssm", "put-parameter", "--name", name, ...own);
    role = await roleOf(cloud, "green", { Action: "ssm:Get*", Resource: `${parameters}/*` });
  });
  afterEach(() => cloud.clients.iam.send(new DeleteRolePolicyCommand({ RoleName: "green", PolicyName: "key" })));

  test("are read in clear by a role that may decrypt with it, each as itself and by way of Parameter Store", async () => {
    await allow(cloud, "green", "key", decrypt());
    expect((await get()).Parameters!.map(({ Value }) => Value)).toEqual(["hidden", "hidden"]);
    const byPath = new GetParametersByPathCommand({ Path: "/green/workers", WithDecryption: true });
    expect((await ssm().send(byPath)).Parameters).toHaveLength(2);
    const cli = cloud.awsAs(role);
    try {
      const file = path.join(os.tmpdir(), `access-key-${process.pid}`);
      await fs.writeFile(file, Buffer.from((await cloud.clients.kms.send(encryptText())).CiphertextBlob!));
      const direct = cli.run(["kms", "decrypt", "--ciphertext-blob", `fileb://${file}`]);
      await expect(direct).rejects.toThrow(message("green", "kms:Decrypt", ` on resource: ${key}`));
      await fs.rm(file);
    } finally {
      await cli.stop();
    }
  });

  const encryptText = () => new EncryptCommand({ KeyId: key, Plaintext: Buffer.from("text") });

  test.each([
    ["has no statement about it", undefined],
    ["may decrypt by way of another service", { StringEquals: { "kms:ViaService": "s3.eu-west-1.amazonaws.com" } }],
    [
      "may decrypt one of them only",
      { ArnLike: { "kms:EncryptionContext:PARAMETER_ARN": `${parameters}/green/workers/one` } },
    ],
  ])("are refused in KMS's words, by name and by path, to a role that %s", async (_what, condition) => {
    await allow(cloud, "green", "key", condition === undefined ? { Action: "kms:Encrypt" } : decrypt(condition));
    const byPath = new GetParametersByPathCommand({ Path: "/green", Recursive: true, WithDecryption: true });
    for (const call of [get(), ssm().send(byPath)]) {
      const [status, code, said] = await refusal(call);
      expect([status, code]).toEqual([400, "AccessDeniedException"]);
      expect(said.slice(0, refused().length)).toBe(refused());
      expect(said.slice(refused().length)).toMatch(/^[0-9a-f-]{36}; Proxy: null\)$/);
    }
    // As ciphertext, or with the account's default key, nobody is asked.
    expect((await get(false)).Parameters).toHaveLength(2);
    expect((await get(true, ["/blue/workers/key-1"])).Parameters![0]!.Value).toBe("secret 1");
  });

  test("are refused to a role that the key's own policy leaves out", async () => {
    await allow(cloud, "green", "key", decrypt());
    const { Policy } = await cloud.clients.kms.send(new GetKeyPolicyCommand({ KeyId: key, PolicyName: "default" }));
    const put = (text: string) =>
      cloud.clients.kms.send(new PutKeyPolicyCommand({ KeyId: key, PolicyName: "default", Policy: text }));
    await put(
      policy({ Action: "kms:*", Resource: "*", Principal: { AWS: "arn:aws:iam::123456789012:role/administrator" } }),
    );
    expect((await refusal(get()))[2]).toContain("is not authorized to perform: kms:Decrypt on resource");
    await put(Policy!);
    expect((await get()).Parameters).toHaveLength(2);
  });
});

test("a condition on the region holds, and each protocol words what is not allowed as AWS does", async () => {
  const describe = new DescribeInstancesCommand({});
  expect((await new EC2Client(as(cloud, workers)).send(describe)).$metadata.httpStatusCode).toBe(200);
  const elsewhere = new EC2Client(as(cloud, workers, {}, "us-east-1"));
  const notAuthorized = "You are not authorized to perform this operation. ";
  expect(await refusal(elsewhere.send(describe))).toEqual([
    ...[403, "UnauthorizedOperation", notAuthorized + message("workers", "ec2:DescribeInstances")],
  ]);
  expect(await refusal(new EC2Client(as(cloud, workers)).send(new DescribeVolumesCommand({})))).toEqual([
    ...[403, "UnauthorizedOperation", notAuthorized + message("workers", "ec2:DescribeVolumes")],
  ]);
  expect(
    await refusal(new AutoScalingClient(as(cloud, workers)).send(new DescribeAutoScalingGroupsCommand({}))),
  ).toEqual([...[403, "AccessDenied", message("workers", "autoscaling:DescribeAutoScalingGroups")]]);
});

test("metrics go into the namespace that a role may write, and into no other", async () => {
  const Condition = { StringEquals: { "cloudwatch:namespace": "blue" } };
  const role = await roleOf(cloud, "reporter", { Action: "cloudwatch:PutMetricData", Resource: "*", Condition });
  const put = (Namespace: string) =>
    new CloudWatchClient(as(cloud, role)).send(
      new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: "m", Value: 1 }] }),
    );
  await put("blue");
  const [, code, said] = await refusal(put("green"));
  expect(code).toBe("AccessDeniedException");
  expect(said).toContain("is not authorized to perform: cloudwatch:PutMetricData on resource: *");
});

test("a statement about some resource does not allow an action that knows none", async () => {
  const role = await roleOf(cloud, "narrow", { Action: "ec2:Describe*", Resource: "arn:aws:ec2:*:*:instance/*" });
  const [, code] = await refusal(new EC2Client(as(cloud, role)).send(new DescribeInstancesCommand({})));
  expect(code).toBe("UnauthorizedOperation");
});

test("an explicit deny and a permissions boundary take away what a policy gives, and a change counts at once", async () => {
  const { iam } = cloud.clients;
  const role = await roleOf(cloud, "limited");
  const ssm = new SSMClient(as(cloud, role));
  const get = () => ssm.send(new GetParameterCommand({ Name: "/blue/workers/key-1" }));
  const place = ` on resource: ${parameters}/blue/workers/key-1`;
  const create = async (PolicyName: string, statement: Statement): Promise<string> => {
    const PolicyDocument = policy({ Resource: "*", ...statement });
    return (await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }))).Policy!.Arn!;
  };
  const PolicyArn = await create("read", { Action: "ssm:Get*" });
  await iam.send(new AttachRolePolicyCommand({ RoleName: "limited", PolicyArn }));
  expect((await get()).Parameter!.Name).toBe("/blue/workers/key-1");

  await allow(cloud, "limited", "deny", { Effect: "Deny", Action: "ssm:GetParameter" });
  const explicit = " with an explicit deny in an identity-based policy";
  expect((await refusal(get()))[2]).toBe(message("limited", "ssm:GetParameter", place, explicit));
  await iam.send(new DeleteRolePolicyCommand({ RoleName: "limited", PolicyName: "deny" }));
  await get();

  const PermissionsBoundary = await create("boundary", { Action: "ec2:*" });
  await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: "limited", PermissionsBoundary }));
  const beyond = " because no permissions boundary allows the ssm:GetParameter action";
  expect((await refusal(get()))[2]).toBe(message("limited", "ssm:GetParameter", place, beyond));
});

test("awscli with a role's credentials reaches the role's objects, key and Auto Scaling group, and no others", async () => {
  const image = "ami-0deb1a12000000001";
  const asOperator = (command: string): Promise<string> => cloud.aws(...command.split(" "));
  const [own, other] = [0, 1].map(() => asOperator("kms create-key --query KeyMetadata.Arn --output text"));
  const keys = [(await own!).trim(), (await other!).trim()] as const;
  const role = await roleOf(
    cloud,
    "files",
    { Action: "s3:*Object", Resource: "arn:aws:s3:::blue-files/own/*" },
    { Action: "kms:*crypt", Resource: keys[0] },
    {
      Action: "autoscaling:SetDesiredCapacity",
      Resource: "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/own",
    },
  );
  await asOperator(
    "s3api create-bucket --bucket blue-files --create-bucket-configuration LocationConstraint=eu-west-1",
  );
  const launch = "--launch-configuration-name one";
  await asOperator(`autoscaling create-launch-configuration ${launch} --instance-type t3.small --image-id ${image}`);
  for (const name of ["own", "other"]) {
    const group = `--auto-scaling-group-name ${name} --min-size 0 --max-size 1 --availability-zones eu-west-1a`;
    await asOperator(`autoscaling create-auto-scaling-group ${group} ${launch}`);
  }
  const cli = cloud.awsAs(role);
  const run = (command: string): Promise<string> => cli.run(command.split(" "));
  try {
    const put = `s3api put-object --bucket blue-files --body ${__filename} --key`;
    // A condition that is not met refuses nobody.
    const tlsOnly = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "arn:aws:s3:::blue-files/*" };
    const policy = { Statement: [{ ...tlsOnly, Condition: { Bool: { "aws:SecureTransport": "false" } } }] };
    await cloud.aws("s3api", "put-bucket-policy", "--bucket", "blue-files", "--policy", JSON.stringify(policy));
    await run(`${put} own/a+b~ü.txt`);
    const denied = message("files", "s3:PutObject", ' on resource: "arn:aws:s3:::blue-files/other/a.txt"');
    await expect(run(`${put} other/a.txt`)).rejects.toThrow(
      `An error occurred (AccessDenied) when calling the PutObject operation: ${denied}`,
    );
    await expect(run("s3api list-objects-v2 --bucket blue-files")).rejects.toThrow("s3:ListBucket");

    const encrypt = (key: string) =>
      run(`kms encrypt --plaintext secret --query CiphertextBlob --output text --key-id ${key}`);
    const file = path.join(os.tmpdir(), `access-${process.pid}`);
    const decrypt = async (ciphertext: string): Promise<string> => {
      await fs.writeFile(file, Buffer.from(ciphertext, "base64"));
      return run(`kms decrypt --query Plaintext --output text --ciphertext-blob fileb://${file}`);
    };
    expect(await decrypt(await encrypt(keys[0]))).toBe("c2VjcmV0\n");
    await expect(encrypt(keys[1])).rejects.toThrow(message("files", "kms:Encrypt", ` on resource: ${keys[1]}`));
    const foreign = `kms encrypt --plaintext secret --query CiphertextBlob --output text --key-id ${keys[1]}`;
    const refused = decrypt(await asOperator(foreign));
    await expect(refused).rejects.toThrow(message("files", "kms:Decrypt", ` on resource: ${keys[1]}`));
    await fs.rm(file);

    const scale = "autoscaling set-desired-capacity --desired-capacity 0 --auto-scaling-group-name";
    await run(`${scale} own`);
    await expect(run(`${scale} other`)).rejects.toThrow(/\(AccessDenied\).*:autoScalingGroupName\/other because no/);
  } finally {
    await cli.stop();
  }
});

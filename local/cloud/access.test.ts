import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { stsAnswers } from "./answers-sts";
import { operator, type Session } from "./sessions";
import { startTestCloud, type TestCloud } from "./testing";

jest.setTimeout(300_000);

const account = "123456789012";
const instance = "i-0123456789abcdef0";
const parameters = `arn:aws:ssm:eu-west-1:${account}:parameter`;

let cloud: TestCloud;
let workers: Session;

interface Statement {
  readonly Effect?: "Allow" | "Deny";
  readonly Action: string;
  readonly Resource?: string | readonly string[];
  readonly Condition?: object;
}

const document = (...statements: (Statement & { Principal?: object })[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements.map((each) => ({ Effect: "Allow", ...each })) });

const ec2Trust = document({ Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } });

const allow = (RoleName: string, PolicyName: string, ...statements: Statement[]) =>
  cloud.clients.iam.send(
    new PutRolePolicyCommand({
      ...{ RoleName, PolicyName },
      PolicyDocument: document(...statements.map((each) => ({ Resource: "*", ...each }))),
    }),
  );

/** A role with one policy, and the credentials that an instance of it gets. */
async function roleOf(RoleName: string, ...statements: Statement[]): Promise<Session> {
  await cloud.clients.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: ec2Trust }));
  if (statements.length > 0) await allow(RoleName, "host", ...statements);
  return cloud.sessions.open(`arn:aws:iam::${account}:role/${RoleName}`, instance, 3600);
}

/** Settings of the AWS SDK's clients that sign as a session, or as what is changed of it. */
const as = (session: Session, changes: Partial<Session> = {}, region = "eu-west-1") => {
  const { accessKeyId, secretAccessKey, token } = { ...session, ...changes };
  const credentials = { accessKeyId, secretAccessKey, sessionToken: token };
  return { endpoint: cloud.endpoint, region, credentials, maxAttempts: 1 };
};

const message = (
  role: string,
  action: string,
  place = "",
  reason = `because no identity-based policy allows the ${action} action`,
) =>
  `User: arn:aws:sts::${account}:assumed-role/${role}/${instance} is not authorized to perform: ${action}${place} ${reason}`;

interface Refused extends Error {
  readonly $metadata: { readonly httpStatusCode: number };
}

/** Status, code and message with which a call is refused. */
async function refusal(call: Promise<unknown>): Promise<[number, string, string]> {
  const error = await call.then(
    () => Promise.reject(new Error("the call was allowed")),
    (reason: Refused) => reason,
  );
  return [error.$metadata?.httpStatusCode, error.name, error.message];
}

beforeAll(async () => {
  cloud = await startTestCloud((_context, { sessions }) => stsAnswers(sessions));
  const ssm = new SSMClient({ endpoint: cloud.endpoint, region: "eu-west-1", credentials: operator });
  const put = (Name: string, Value: string) => ssm.send(new PutParameterCommand({ Name, Value, Type: "SecureString" }));
  await put("/blue/servers/gossip-key", "for servers only");
  for (let number = 0; number < 12; number += 1) await put(`/blue/workers/key-${number}`, `secret ${number}`);
  workers = await roleOf(
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
  const ssm = new SSMClient(as(workers));
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
  const ssm = new SSMClient(as(workers));
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

test("a condition on the region holds, and each protocol words what is not allowed as AWS does", async () => {
  const describe = new DescribeInstancesCommand({});
  expect((await new EC2Client(as(workers)).send(describe)).$metadata.httpStatusCode).toBe(200);
  const elsewhere = new EC2Client(as(workers, {}, "us-east-1"));
  const notAuthorized = "You are not authorized to perform this operation. ";
  expect(await refusal(elsewhere.send(describe))).toEqual([
    ...[403, "UnauthorizedOperation", notAuthorized + message("workers", "ec2:DescribeInstances")],
  ]);
  expect(await refusal(new EC2Client(as(workers)).send(new DescribeVolumesCommand({})))).toEqual([
    ...[403, "UnauthorizedOperation", notAuthorized + message("workers", "ec2:DescribeVolumes")],
  ]);
  expect(await refusal(new AutoScalingClient(as(workers)).send(new DescribeAutoScalingGroupsCommand({})))).toEqual([
    ...[403, "AccessDenied", message("workers", "autoscaling:DescribeAutoScalingGroups")],
  ]);
});

test("a statement about some resource does not allow an action that knows none", async () => {
  const role = await roleOf("narrow", { Action: "ec2:Describe*", Resource: "arn:aws:ec2:*:*:instance/*" });
  const [, code] = await refusal(new EC2Client(as(role)).send(new DescribeInstancesCommand({})));
  expect(code).toBe("UnauthorizedOperation");
});

test("who is unknown, shows another token, comes too late or signs with another key is refused", async () => {
  const invalid = "The security token included in the request is invalid.";
  const expired = "The security token included in the request is expired";
  const mismatch = expect.stringMatching(
    /^The request signature we calculated does not match the signature you provided/,
  );
  const ec2Failure = [401, "AuthFailure", "AWS was not able to validate the provided access credentials"];
  const past = cloud.sessions.record(workers.roleArn, {
    Credentials: {
      ...{ AccessKeyId: "ASIAPAST", SecretAccessKey: "past", SessionToken: "past" },
      Expiration: new Date(Date.now() - 1000),
    },
    AssumedRoleUser: { AssumedRoleId: `${workers.roleId}:${instance}`, Arn: workers.arn },
  });
  const all = async (settings: ReturnType<typeof as>) =>
    Promise.all([
      refusal(new SSMClient(settings).send(new GetParameterCommand({ Name: "/blue/workers/key-1" }))),
      refusal(new EC2Client(settings).send(new DescribeInstancesCommand({}))),
      refusal(new STSClient(settings).send(new GetCallerIdentityCommand({}))),
    ]);
  const unknown = [[400, "UnrecognizedClientException", invalid], ec2Failure, [403, "InvalidClientTokenId", invalid]];
  expect(await all(as(workers, { accessKeyId: "ASIAUNKNOWN" }))).toEqual(unknown);
  expect(await all(as(workers, { token: "another" }))).toEqual(unknown);
  expect(await all(as(workers, { token: undefined }))).toEqual(unknown);
  expect(await all(as(past))).toEqual([
    [400, "ExpiredTokenException", expired],
    [400, "RequestExpired", "Request has expired."],
    [403, "ExpiredToken", expired],
  ]);
  expect(await all(as(workers, { secretAccessKey: "another" }))).toEqual([
    [400, "InvalidSignatureException", mismatch],
    ec2Failure,
    [403, "SignatureDoesNotMatch", mismatch],
  ]);
  const late = { ...as(workers), systemClockOffset: -16 * 60_000 };
  expect((await all(late)).map(([, code]) => code)).toEqual([
    ...["InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"],
  ]);
  const unsigned = await fetch(`${cloud.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15`);
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining("MissingAuthenticationToken"),
  ]);
});

test("an explicit deny and a permissions boundary take away what a policy gives, and a change counts at once", async () => {
  const { iam } = cloud.clients;
  const role = await roleOf("limited");
  const ssm = new SSMClient(as(role));
  const get = () => ssm.send(new GetParameterCommand({ Name: "/blue/workers/key-1" }));
  const place = ` on resource: ${parameters}/blue/workers/key-1`;
  const policy = async (PolicyName: string, statement: Statement): Promise<string> => {
    const PolicyDocument = document({ Resource: "*", ...statement });
    return (await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }))).Policy!.Arn!;
  };
  const PolicyArn = await policy("read", { Action: "ssm:Get*" });
  await iam.send(new AttachRolePolicyCommand({ RoleName: "limited", PolicyArn }));
  expect((await get()).Parameter!.Name).toBe("/blue/workers/key-1");

  await allow("limited", "deny", { Effect: "Deny", Action: "ssm:GetParameter" });
  const explicit = "with an explicit deny in an identity-based policy";
  expect((await refusal(get()))[2]).toBe(message("limited", "ssm:GetParameter", place, explicit));
  await iam.send(new DeleteRolePolicyCommand({ RoleName: "limited", PolicyName: "deny" }));
  await get();

  const PermissionsBoundary = await policy("boundary", { Action: "ec2:*" });
  await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: "limited", PermissionsBoundary }));
  const beyond = "because no permissions boundary allows the ssm:GetParameter action";
  expect((await refusal(get()))[2]).toBe(message("limited", "ssm:GetParameter", place, beyond));
});

test("credentials end with their role, though another one may have taken its name", async () => {
  const role = await roleOf("passing");
  const identity = () => new STSClient(as(role)).send(new GetCallerIdentityCommand({}));
  expect((await identity()).Arn).toBe(`arn:aws:sts::${account}:assumed-role/passing/${instance}`);
  await cloud.clients.iam.send(new DeleteRoleCommand({ RoleName: "passing" }));
  expect((await refusal(identity()))[1]).toBe("InvalidClientTokenId");
  await roleOf("passing");
  expect((await refusal(identity()))[1]).toBe("InvalidClientTokenId");
});

test("a role takes another one only where both agree, and then has what that one may do", async () => {
  const { iam } = cloud.clients;
  const trusted = `arn:aws:iam::${account}:role/trusting`;
  const role = await roleOf("taking", { Action: "sts:AssumeRole", Resource: `arn:aws:iam::${account}:role/*` });
  const AssumeRolePolicyDocument = document({ Action: "sts:AssumeRole", Principal: { AWS: role.roleArn } });
  await iam.send(new CreateRoleCommand({ RoleName: "trusting", AssumeRolePolicyDocument }));
  await allow("trusting", "describe", { Action: "ec2:DescribeVolumes" });
  const take = (RoleArn: string) =>
    new STSClient(as(role)).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: instance }));
  const { Credentials } = await take(trusted);
  const taken = { accessKeyId: Credentials!.AccessKeyId!, secretAccessKey: Credentials!.SecretAccessKey! };
  const ec2 = new EC2Client(as(role, { ...taken, token: Credentials!.SessionToken! }));
  expect((await ec2.send(new DescribeVolumesCommand({}))).$metadata.httpStatusCode).toBe(200);
  expect(await refusal(take(workers.roleArn))).toEqual([
    ...[403, "AccessDenied", message("taking", "sts:AssumeRole", ` on resource: ${workers.roleArn}`, "").trimEnd()],
  ]);
});

test("awscli with a role's credentials reaches its objects and its Auto Scaling group, and no others", async () => {
  const role = await roleOf(
    "files",
    { Action: "s3:*Object", Resource: "arn:aws:s3:::blue-files/own/*" },
    {
      Action: "autoscaling:SetDesiredCapacity",
      Resource: `arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/own`,
    },
  );
  await cloud.aws(
    "s3api",
    "create-bucket",
    ..."--bucket blue-files --create-bucket-configuration LocationConstraint=eu-west-1".split(" "),
  );
  const image = "ami-0deb1a12000000001";
  await cloud.aws(
    ..."autoscaling create-launch-configuration --launch-configuration-name one --instance-type t3.small --image-id".split(
      " ",
    ),
    image,
  );
  for (const name of ["own", "other"]) {
    const group = `--auto-scaling-group-name ${name} --launch-configuration-name one --min-size 0 --max-size 1`;
    await cloud.aws(
      ..."autoscaling create-auto-scaling-group --availability-zones eu-west-1a".split(" "),
      ...group.split(" "),
    );
  }
  const cli = cloud.awsAs(role);
  const run = (command: string): Promise<string> => cli.run(command.split(" "));
  try {
    const put = `s3api put-object --bucket blue-files --body ${__filename} --key`;
    await run(`${put} own/a+b~ü.txt`);
    const denied = message("files", "s3:PutObject", ' on resource: "arn:aws:s3:::blue-files/other/a.txt"');
    await expect(run(`${put} other/a.txt`)).rejects.toThrow(
      `An error occurred (AccessDenied) when calling the PutObject operation: ${denied}`,
    );
    await expect(run("s3api list-objects-v2 --bucket blue-files")).rejects.toThrow("s3:ListBucket");
    const scale = "autoscaling set-desired-capacity --desired-capacity 0 --auto-scaling-group-name";
    await run(`${scale} own`);
    await expect(run(`${scale} other`)).rejects.toThrow(
      /\(AccessDenied\).*:autoScalingGroupName\/other because no identity/,
    );
  } finally {
    await cli.stop();
  }
});

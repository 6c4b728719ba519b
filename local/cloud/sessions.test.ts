import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateRoleCommand, DeleteRoleCommand } from "@aws-sdk/client-iam";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { stsAnswers } from "./answers-sts";
import { operator, type Session } from "./sessions";
import { startTestCloud, type TestCloud } from "./testing";
import { allow, as, message, policy, refusal, roleOf } from "./testing/roles";

jest.setTimeout(300_000);

let cloud: TestCloud;
let workers: Session;

beforeAll(async () => {
  cloud = await startTestCloud((_context, { sessions }) => stsAnswers(sessions));
  workers = await roleOf(cloud, "workers");
});
afterAll(() => cloud?.stop());

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
    AssumedRoleUser: { AssumedRoleId: `${workers.roleId}:i-0123456789abcdef0`, Arn: workers.arn },
  });
  const all = async (settings: ReturnType<typeof as>) =>
    Promise.all([
      refusal(new SSMClient(settings).send(new GetParameterCommand({ Name: "/blue/workers/key-1" }))),
      refusal(new EC2Client(settings).send(new DescribeInstancesCommand({}))),
      refusal(new STSClient(settings).send(new GetCallerIdentityCommand({}))),
    ]);
  const unknown = [[400, "UnrecognizedClientException", invalid], ec2Failure, [403, "InvalidClientTokenId", invalid]];
  expect(await all(as(cloud, workers, { accessKeyId: "ASIAUNKNOWN" }))).toEqual(unknown);
  expect(await all(as(cloud, workers, { token: "another" }))).toEqual(unknown);
  expect(await all(as(cloud, workers, { token: undefined }))).toEqual(unknown);
  expect(await all(as(cloud, past))).toEqual([
    [400, "ExpiredTokenException", expired],
    [400, "RequestExpired", "Request has expired."],
    [403, "ExpiredToken", expired],
  ]);
  expect(await all(as(cloud, workers, { secretAccessKey: "another" }))).toEqual([
    [400, "InvalidSignatureException", mismatch],
    ec2Failure,
    [403, "SignatureDoesNotMatch", mismatch],
  ]);
  const late = { ...as(cloud, workers), systemClockOffset: -16 * 60_000 };
  expect((await all(late)).map(([, code]) => code)).toEqual([
    ...["InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"],
  ]);
  const unsigned = await fetch(`${cloud.endpoint}/?Action=GetCallerIdentity&Version=2011-06-15`);
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining("MissingAuthenticationToken"),
  ]);
});

test("a request of S3's without its body's hash is refused, as curl's are before 8.1", async () => {
  const scope = `${operator.accessKeyId}/20260101/eu-west-1/s3/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=00`;
  const answer = await fetch(`${cloud.endpoint}/files/one`, {
    headers: { authorization, "x-amz-date": "20260101T000000Z" },
  });
  expect([answer.status, await answer.text()]).toEqual([
    ...[400, expect.stringContaining("Missing required header for this request: x-amz-content-sha256")],
  ]);
});

test("credentials end with their role, though another one may have taken its name", async () => {
  const role = await roleOf(cloud, "passing");
  const identity = () => new STSClient(as(cloud, role)).send(new GetCallerIdentityCommand({}));
  expect((await identity()).Arn).toBe(`arn:aws:sts::123456789012:assumed-role/passing/i-0123456789abcdef0`);
  await cloud.clients.iam.send(new DeleteRoleCommand({ RoleName: "passing" }));
  expect((await refusal(identity()))[1]).toBe("InvalidClientTokenId");
  await roleOf(cloud, "passing");
  expect((await refusal(identity()))[1]).toBe("InvalidClientTokenId");
});

test("a role takes another one only where both agree, and then has what that one may do", async () => {
  const { iam } = cloud.clients;
  const trusted = `arn:aws:iam::123456789012:role/trusting`;
  const role = await roleOf(cloud, "taking", {
    Action: "sts:AssumeRole",
    Resource: `arn:aws:iam::123456789012:role/*`,
  });
  const AssumeRolePolicyDocument = policy({ Action: "sts:AssumeRole", Principal: { AWS: role.roleArn } });
  await iam.send(new CreateRoleCommand({ RoleName: "trusting", AssumeRolePolicyDocument }));
  await allow(cloud, "trusting", "describe", { Action: "ec2:DescribeVolumes" });
  const take = (RoleArn: string) =>
    new STSClient(as(cloud, role)).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "i-0123456789abcdef0" }));
  const { Credentials } = await take(trusted);
  const taken = { accessKeyId: Credentials!.AccessKeyId!, secretAccessKey: Credentials!.SecretAccessKey! };
  const ec2 = new EC2Client(as(cloud, role, { ...taken, token: Credentials!.SessionToken! }));
  expect((await ec2.send(new DescribeVolumesCommand({}))).$metadata.httpStatusCode).toBe(200);
  expect(await refusal(take(workers.roleArn))).toEqual([
    ...[403, "AccessDenied", message("taking", "sts:AssumeRole", ` on resource: ${workers.roleArn}`, "")],
  ]);
});

import { ImportKeyPairCommand, RunInstancesCommand, type RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type * as http from "node:http";
import * as zlib from "node:zlib";
import { Imds } from "./imds";
import { InstanceReader } from "./imds-facts";
import { close, makeNetwork, startTestCloud, type TestCloud, type TestNetwork } from "./testing";

jest.setTimeout(180_000);

const userData = zlib.gzipSync("#cloud-config\nhostname: one\n");
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0wqsvdzXGZ6XcRVjMy8ULNZlZQNKa3GmPwzVmwVzDT operator";

let cloud: TestCloud;
let network: TestNetwork;
let metadata: { port: number; server: http.Server };
let spotEnd: Date | undefined;

beforeAll(async () => {
  cloud = await startTestCloud();
  network = await makeNetwork(cloud.clients);
  const { iam, ec2 } = cloud.clients;
  const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await iam.send(new CreateRoleCommand({ RoleName: "host", AssumeRolePolicyDocument }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "host-profile" }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: "host-profile", RoleName: "host" }));
  await ec2.send(new ImportKeyPairCommand({ KeyName: "operator", PublicKeyMaterial: Buffer.from(publicKey) }));
  const { hypervisor, moto, logged, sessions } = cloud;
  const reader = new InstanceReader(moto, "eu-west-1", "123456789012", sessions, { endOf: () => spotEnd });
  metadata = await new Imds({ hypervisor, reader, log: (line) => logged.push(line) }).listen(0, "127.0.0.1");
});
afterAll(async () => {
  close(metadata.server);
  await cloud.stop();
});

/** Runs an instance and makes this process its host. */
async function become(options: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const { Instances } = await cloud.clients.ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: "ami-0deb1a12000000001", InstanceType: "t3.small", MinCount: 1, MaxCount: 1 },
      ...{ SubnetId: network.subnets[0], SecurityGroupIds: [network.groupId] },
      MetadataOptions: { HttpTokens: "required" },
      ...options,
    }),
  );
  const id = Instances![0]!.InstanceId!;
  cloud.hypervisor.addresses.set("127.0.0.1", id);
  return id;
}

const url = (path: string): string => `http://127.0.0.1:${metadata.port}${path}`;

async function token(seconds: number | string = 60, headers: Record<string, string> = {}): Promise<Response> {
  const wanted = { "X-aws-ec2-metadata-token-ttl-seconds": String(seconds) };
  return fetch(url("/latest/api/token"), { method: "PUT", headers: { ...wanted, ...headers } });
}

/** Status and text of a path, asked with a token. */
async function get(path: string): Promise<[number, string]> {
  const answer = await fetch(url(path), { headers: { "X-aws-ec2-metadata-token": await (await token()).text() } });
  return [answer.status, await answer.text()];
}

test("a token is needed where the instance requires one, and is good only for its instance and time", async () => {
  await become();
  expect((await fetch(url("/latest/meta-data/instance-id"))).status).toBe(401);
  const issued = await token(1);
  expect([issued.status, issued.headers.get("x-aws-ec2-metadata-token-ttl-seconds")]).toEqual([200, "1"]);
  const headers = { "X-aws-ec2-metadata-token": await issued.text() };
  expect((await fetch(url("/latest/meta-data/instance-id"), { headers })).status).toBe(200);
  const fresh = { "X-aws-ec2-metadata-token": await (await token(60)).text() };
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect((await fetch(url("/latest/meta-data/instance-id"), { headers })).status).toBe(401);
  await become();
  expect((await fetch(url("/latest/meta-data/instance-id"), { headers: fresh })).status).toBe(401);
});

test("a token request is refused without a time to live, above six hours, or through a proxy", async () => {
  await become();
  expect((await fetch(url("/latest/api/token"), { method: "PUT" })).status).toBe(400);
  expect((await token(21601)).status).toBe(400);
  expect((await token(60, { "X-Forwarded-For": "10.0.0.1" })).status).toBe(403);
});

test("an instance that allows version 1 gets metadata without a token; one without the endpoint gets none", async () => {
  await become({ MetadataOptions: { HttpTokens: "optional" } });
  expect((await fetch(url("/latest/meta-data/ami-id"))).status).toBe(200);
  await become({ MetadataOptions: { HttpEndpoint: "disabled" } });
  expect((await token()).status).toBe(403);
});

test("an address that is no instance's gets nothing", async () => {
  cloud.hypervisor.addresses.clear();
  expect((await token()).status).toBe(404);
});

test("identity, placement and network are the instance's own", async () => {
  const id = await become({ KeyName: "operator" });
  const [, mac] = await get("/latest/meta-data/mac");
  const [, address] = await get("/latest/meta-data/local-ipv4");
  expect(address).toMatch(/^10\.42\.1\.\d+$/);
  const name = `ip-${address.replaceAll(".", "-")}.eu-west-1.compute.internal`;
  const expected: Record<string, string> = {
    "instance-id": id,
    "ami-id": "ami-0deb1a12000000001",
    "instance-type": "t3.small",
    hostname: name,
    "local-hostname": name,
    "placement/availability-zone": "eu-west-1a",
    "placement/region": "eu-west-1",
    "security-groups": "hosts",
    "public-keys/": "0=operator",
    "public-keys/0/": "openssh-key",
    "public-keys/0/openssh-key": publicKey,
    "network/interfaces/macs/": `${mac}/`,
    [`network/interfaces/macs/${mac}/device-number`]: "0",
    [`network/interfaces/macs/${mac}/local-ipv4s`]: address,
    [`network/interfaces/macs/${mac}/subnet-id`]: network.subnets[0],
    [`network/interfaces/macs/${mac}/subnet-ipv4-cidr-block`]: "10.42.1.0/24",
    [`network/interfaces/macs/${mac}/vpc-id`]: network.vpcId,
    [`network/interfaces/macs/${mac}/vpc-ipv4-cidr-block`]: "10.42.0.0/16",
  };
  for (const [path, value] of Object.entries(expected)) {
    expect([path, ...(await get(`/2021-03-23/meta-data/${path}`))]).toEqual([path, 200, value]);
  }
  const [, document] = await get("/latest/dynamic/instance-identity/document");
  expect(JSON.parse(document)).toMatchObject({ instanceId: id, region: "eu-west-1", accountId: "123456789012" });
});

test("directories list their entries, with a slash after those that have some themselves", async () => {
  await become();
  expect(await get("/latest/meta-data/")).toEqual([
    200,
    [
      ...["ami-id", "ami-launch-index", "ami-manifest-path", "hostname", "instance-action", "instance-id"],
      ...["instance-life-cycle", "instance-type", "local-hostname", "local-ipv4", "mac", "network/", "placement/"],
      ...["profile", "security-groups", "services/"],
    ].join("\n"),
  ]);
  expect(await get("/latest/meta-data/placement")).toEqual([200, "availability-zone\nregion"]);
  expect((await get("/"))[1].split("\n")).toEqual(expect.arrayContaining(["2009-04-04", "2021-03-23", "latest"]));
  for (const absent of [
    "/latest/meta-data/spot/instance-action",
    "/latest/meta-data/iam/info",
    "/2999-01-01/meta-data/",
  ]) {
    expect((await get(absent))[0]).toBe(404);
  }
});

test("a spot instance reads when it has to end, once it has had notice", async () => {
  spotEnd = new Date("2026-01-02T03:04:05.678Z");
  try {
    await become();
    expect(await get("/latest/meta-data/spot/instance-action")).toEqual([
      200,
      '{"action":"terminate","time":"2026-01-02T03:04:05Z"}',
    ]);
    expect(await get("/latest/meta-data/spot/termination-time")).toEqual([200, "2026-01-02T03:04:05Z"]);
  } finally {
    spotEnd = undefined;
  }
});

test("user data comes decoded from base64 and otherwise untouched, and is absent where none was given", async () => {
  await become({ UserData: userData.toString("base64") });
  const headers = { "X-aws-ec2-metadata-token": await (await token()).text() };
  const answer = await fetch(url("/latest/user-data"), { headers });
  expect(Buffer.from(await answer.arrayBuffer()).equals(userData)).toBe(true);
  await become();
  expect((await get("/latest/user-data"))[0]).toBe(404);
});

test("tags are shown only where the instance allows it", async () => {
  const TagSpecifications: RunInstancesCommandInput["TagSpecifications"] = [
    { ResourceType: "instance", Tags: [{ Key: "Role", Value: "server" }] },
  ];
  await become({ TagSpecifications, MetadataOptions: { InstanceMetadataTags: "enabled" } });
  expect(await get("/latest/meta-data/tags/instance/Role")).toEqual([200, "server"]);
  await become({ TagSpecifications });
  expect((await get("/latest/meta-data/tags/instance/Role"))[0]).toBe(404);
});

test("a role's credentials are good for calls as that role", async () => {
  await become({ IamInstanceProfile: { Name: "host-profile" } });
  expect(await get("/latest/meta-data/iam/security-credentials/")).toEqual([200, "host"]);
  const [, text] = await get("/latest/meta-data/iam/security-credentials/host");
  const credentials = JSON.parse(text) as Record<string, string>;
  expect(credentials).toMatchObject({ Code: "Success", Type: "AWS-HMAC" });
  expect(credentials.Expiration).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const identity = await new STSClient({
    ...{ endpoint: cloud.endpoint, region: "eu-west-1" },
    credentials: {
      accessKeyId: credentials.AccessKeyId!,
      secretAccessKey: credentials.SecretAccessKey!,
      sessionToken: credentials.Token!,
    },
  }).send(new GetCallerIdentityCommand({}));
  expect(identity.Arn).toMatch(/^arn:aws:sts::123456789012:assumed-role\/host\/i-[0-9a-f]+$/);
});

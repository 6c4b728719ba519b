import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as zlib from "node:zlib";
import { autoscalingAnswers } from "./answers-autoscaling";
import { ec2Answers } from "./answers-ec2";
import { ecrAnswers } from "./answers-ecr";
import { elbAnswers } from "./answers-elb";
import { Refreshes } from "./instance-refresh";
import { makeNetwork, startTestCloud, type TestCloud, type TestNetwork } from "./testing";

/** The API as awscli sees it: a client that knows AWS and nothing of this project. */
jest.setTimeout(300_000);

const debian = "ami-0deb1a12000000001";

let cloud: TestCloud;
let network: TestNetwork;
let folder: string;

beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "front-test-"));
  cloud = await startTestCloud((context, parts) => ({
    ...{ ...ec2Answers, ...elbAnswers, ...ecrAnswers({ storage: folder, ...parts }) },
    ...autoscalingAnswers(new Refreshes(context)),
  }));
  network = await makeNetwork(cloud.moto);
});
afterAll(async () => {
  await cloud?.stop();
  await fs.rm(folder, { recursive: true, force: true });
});

/** Answer of an awscli command, parsed. */
async function aws<Answer = Record<string, never>>(command: string): Promise<Answer> {
  const output = await cloud.aws(...command.split(" "));
  return JSON.parse(output || "{}") as Answer;
}

/** AWS's error code in what awscli printed. */
async function errorOf(command: string): Promise<string | undefined> {
  const error = await cloud.aws(...command.split(" ")).then(
    () => new Error("no error"),
    (reason: Error) => reason,
  );
  return /An error occurred \((\w[\w.]*)\)/.exec(error.message)?.[1] ?? error.message;
}

test("run-instances keeps user data to the byte, finds the instance by tag, and wakes the hypervisor", async () => {
  const userData = zlib.gzipSync("#cloud-config\nruncmd: [[echo, hello]]\n");
  const file = path.join(folder, "user-data.gz");
  await fs.writeFile(file, userData);
  const before = cloud.hypervisor.pokes;
  const { Instances } = await aws<{ Instances: { InstanceId: string; PrivateIpAddress: string }[] }>(
    `ec2 run-instances --image-id ${debian} --instance-type t3.small --subnet-id ${network.subnets[0]} --user-data fileb://${file}` +
      " --tag-specifications ResourceType=instance,Tags=[{Key=Role,Value=server}]",
  );
  const id = Instances[0]!.InstanceId;
  expect(Instances[0]!.PrivateIpAddress).toBe("10.42.1.4");
  expect(cloud.hypervisor.pokes).toBe(before + 1);

  const found = await aws<{ Reservations: { Instances: { InstanceId: string }[] }[] }>(
    "ec2 describe-instances --filters Name=tag:Role,Values=server Name=instance-state-name,Values=running",
  );
  expect(found.Reservations.map(({ Instances: [instance] }) => instance!.InstanceId)).toEqual([id]);
  const attribute = await aws<{ UserData: { Value: string } }>(
    `ec2 describe-instance-attribute --instance-id ${id} --attribute userData`,
  );
  expect(Buffer.from(attribute.UserData.Value, "base64").equals(userData)).toBe(true);
  expect(cloud.hypervisor.pokes).toBe(before + 1);

  cloud.hypervisor.consoles.set(id, "cluster-boot: step=docker state=done\n");
  expect(await cloud.aws("ec2", "get-console-output", "--instance-id", id, "--latest", "--query", "Output")).toBe(
    '"cluster-boot: step=docker state=done\\n"\n',
  );
});

test("images of Debian's account and of one's own are found by owner and name", async () => {
  const query = "--query sort_by(Images,&Name)[].[Name,RootDeviceName,Architecture]";
  expect(
    await aws(`ec2 describe-images --owners 136693071363 --filters Name=name,Values=debian-12-amd64-* ${query}`),
  ).toEqual([["debian-12-amd64-20261101-0001", "/dev/xvda", "x86_64"]]);
  expect(await aws(`ec2 describe-images --owners self --filters Name=name,Values=cluster-host-* ${query}`)).toEqual([
    ["cluster-host-20261102-0001", "/dev/xvda", "x86_64"],
  ]);
});

test.each([
  ["InvalidAMIID.NotFound", "run-instances --image-id ami-0123456789abcdef0 --instance-type t3.small"],
  ["InvalidInstanceType.NotFound", `run-instances --image-id ${debian} --instance-type t9.small`],
  ["InvalidKeyPair.NotFound", `run-instances --image-id ${debian} --instance-type t3.small --key-name absent`],
  [
    "InvalidSubnetID.NotFound",
    `run-instances --image-id ${debian} --instance-type t3.small --subnet-id subnet-0123456789abcdef0`,
  ],
  ["InvalidInstanceID.NotFound", "get-console-output --instance-id i-0123456789abcdef0"],
  ["NotImplemented", "describe-ipams"],
])("bad input gets AWS's own code %s", async (code, command) => {
  expect(await errorOf(`ec2 ${command}`)).toBe(code);
});

test("user data above 16 KiB is refused", async () => {
  const file = path.join(folder, "large");
  await fs.writeFile(file, "x".repeat(16385));
  const command = `ec2 run-instances --image-id ${debian} --instance-type t3.small --subnet-id ${network.subnets[0]}`;
  expect(await errorOf(`${command} --user-data file://${file}`)).toBe("InvalidParameterValue");
});

test("a load balancer is active under its loopback address once it listens, and its addresses are nobody else's", async () => {
  const create = `elbv2 create-load-balancer --name web --subnets ${network.subnets.join(" ")} --security-groups ${network.groupId}`;
  const query = "--query LoadBalancers[0].[LoadBalancerArn,State.Code,DNSName]";
  const [arn, state] = await aws<string[]>(`${create} ${query}`);
  expect(state).toBe("provisioning");
  cloud.hypervisor.balancers.set(arn!, "127.85.1.1");
  expect(await aws(`elbv2 describe-load-balancers --names web ${query}`)).toEqual([arn, "active", "127.85.1.1"]);
  expect(await errorOf(create)).toBe("DuplicateLoadBalancerName");

  const description = `ELB app/web/${arn!.split("/").at(-1)}`;
  const all = await aws<[string, string][]>(
    "ec2 describe-network-interfaces --query NetworkInterfaces[].[Description,PrivateIpAddress]",
  );
  const own = all.filter(([each]) => each === description).map(([, address]) => address);
  expect(own).toEqual(["10.42.1.5", "10.42.2.4"]);
  expect(new Set(all.map(([, address]) => address)).size).toBe(all.length);
  expect(await errorOf(`ec2 delete-security-group --group-id ${network.groupId}`)).toBe("DependencyViolation");

  await aws(`elbv2 delete-load-balancer --load-balancer-arn ${arn}`);
  const left = await aws<string[]>("ec2 describe-network-interfaces --query NetworkInterfaces[].Description");
  expect(left).not.toContain(description);
});

test("a load balancer for HTTP in one zone is refused", async () => {
  const create = "elbv2 create-load-balancer --name narrow --query LoadBalancers[].State.Code --subnets";
  expect(await errorOf(`${create} ${network.subnets[0]} --security-groups ${network.groupId}`)).toBe("ValidationError");
  expect(await aws("elbv2 describe-load-balancers --query LoadBalancers[].LoadBalancerName")).toEqual([]);
});

test("target health is what the load balancer saw, and initial before it saw anything", async () => {
  const arn = (
    await aws<string[]>(
      `elbv2 create-target-group --name web --protocol HTTP --port 8080 --vpc-id ${network.vpcId} --query TargetGroups[].TargetGroupArn`,
    )
  )[0]!;
  const [id] = await aws<string[]>(
    `ec2 run-instances --image-id ${debian} --instance-type t3.small --subnet-id ${network.subnets[1]} --query Instances[].InstanceId`,
  );
  await aws(`elbv2 register-targets --target-group-arn ${arn} --targets Id=${id}`);
  const health = () =>
    aws(
      `elbv2 describe-target-health --target-group-arn ${arn} --query TargetHealthDescriptions[].[Target.Port,TargetHealth]`,
    );
  expect(await health()).toEqual([[8080, { State: "initial", Reason: "Elb.RegistrationInProgress" }]]);
  cloud.hypervisor.health = (asked) =>
    asked !== arn
      ? []
      : [{ targetId: id!, port: 8080, state: "unhealthy", reason: "Target.Timeout", description: "no answer" }];
  expect(await health()).toEqual([[8080, { State: "unhealthy", Reason: "Target.Timeout", Description: "no answer" }]]);
  cloud.hypervisor.health = () => [{ targetId: id!, port: 8080, state: "healthy" }];
  expect(await health()).toEqual([[8080, { State: "healthy" }]]);
  const gone = `elbv2 deregister-targets --target-group-arn ${arn} --targets Id=${id}`;
  for (const times of ["once", "twice"]) expect([times, await aws(gone)]).toEqual([times, {}]);
  expect(await health()).toEqual([]);
  expect(await errorOf(`elbv2 describe-target-health --target-group-arn ${arn}x`)).toBe("TargetGroupNotFound");
});

test("a log group takes up another key, and lets go of it", async () => {
  const key = await aws<string>("kms create-key --query KeyMetadata.Arn");
  const keys = () => aws("logs describe-log-groups --log-group-name-prefix /blue/ --query logGroups[].[kmsKeyId]");
  await aws("logs create-log-group --log-group-name /blue/flow-logs");
  expect(await keys()).toEqual([[null]]);
  await aws(`logs associate-kms-key --log-group-name /blue/flow-logs --kms-key-id ${key}`);
  expect(await keys()).toEqual([[key]]);
  await aws("logs disassociate-kms-key --log-group-name /blue/flow-logs");
  expect(await keys()).toEqual([[null]]);
  expect(await errorOf(`logs associate-kms-key --log-group-name /none --kms-key-id ${key}`)).toBe(
    "ResourceNotFoundException",
  );
});

test("a log group takes batches as large as AWS does, and keeps the newest events", async () => {
  const put = (events: { timestamp: number; message: string }[]) => {
    const stream = "logs put-log-events --log-group-name /blue/jobs --log-stream-name";
    return { of: (name: string) => `${stream} ${name} --log-events ${JSON.stringify(events)}` };
  };
  const now = Date.now();
  const day = 24 * 3600 * 1000;
  const lines = (count: number, text: string) =>
    Array.from({ length: count }, (_, index) => ({ timestamp: now, message: `${text}${index}` }));
  const kept = () => aws<string[]>("logs filter-log-events --log-group-name /blue/jobs --query events[].message");

  await aws("logs create-log-group --log-group-name /blue/jobs");
  for (const name of ["one", "two"])
    await aws(`logs create-log-stream --log-group-name /blue/jobs --log-stream-name ${name}`);
  for (const refused of [
    lines(10_001, ""),
    lines(5, "x".repeat(250_000)),
    [
      { timestamp: now - day - 1, message: "yesterday" },
      { timestamp: now, message: "now" },
    ],
  ])
    expect(await errorOf(put(refused).of("one"))).toBe("InvalidParameterException");
  expect(await kept()).toEqual([]);

  await aws(put(lines(10_000, "oldest-")).of("one"));
  await aws(put(lines(9_999, "older-")).of("two"));
  await aws(put(lines(1, "newer-")).of("one"));
  expect(await aws<number>("logs filter-log-events --log-group-name /blue/jobs --query length(events)")).toBe(20_000);
  await aws(put(lines(1, "newest-")).of("two"));
  const left = await kept();
  expect([left.length, left[0], left.at(-1)]).toEqual([10_001, "newer-0", "newest-0"]);
});

test("a registry token is good for the hours to come, and a repository's images go with it", async () => {
  const [expiresAt] = await aws<number[]>("ecr get-authorization-token --query authorizationData[].expiresAt");
  expect((expiresAt! * 1000 - Date.now()) / 3_600_000).toBeCloseTo(12, 1);
  await aws("ecr create-repository --repository-name team/web");
  const images = path.join(folder, "docker/registry/v2/repositories/team/web");
  await fs.mkdir(images, { recursive: true });
  await aws("ecr delete-repository --repository-name team/web");
  await expect(fs.access(images)).rejects.toThrow("ENOENT");
});

test("a network interface that was there before goes from one instance to the next, with its address", async () => {
  const { NetworkInterface } = await aws<{
    NetworkInterface: { NetworkInterfaceId: string; PrivateIpAddress: string };
  }>(`ec2 create-network-interface --subnet-id ${network.subnets[0]} --groups ${network.groupId}`);
  const run =
    `ec2 run-instances --image-id ${debian} --instance-type t3.small ` +
    `--network-interfaces DeviceIndex=0,NetworkInterfaceId=${NetworkInterface.NetworkInterfaceId}`;
  type Launch = { Instances: { InstanceId: string; PrivateIpAddress: string; SubnetId: string }[] };
  const first = (await aws<Launch>(run)).Instances[0]!;
  expect([first.PrivateIpAddress, first.SubnetId]).toEqual([NetworkInterface.PrivateIpAddress, network.subnets[0]]);
  expect(await errorOf(run)).toBe("InvalidNetworkInterface.InUse");
  await aws(`ec2 terminate-instances --instance-ids ${first.InstanceId}`);
  const second = (await aws<Launch>(run)).Instances[0]!;
  expect(second.PrivateIpAddress).toBe(NetworkInterface.PrivateIpAddress);
  await aws(`ec2 terminate-instances --instance-ids ${second.InstanceId}`);
  await aws(`ec2 delete-network-interface --network-interface-id ${NetworkInterface.NetworkInterfaceId}`);
});

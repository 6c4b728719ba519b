import { awsProvider } from ".";
import type { ResourceModel } from "../model";
import * as operations from "../operations";
import { UNKNOWN, type Props } from "../wire";
import { configureAws, type Aws } from "./context";

const { resources } = awsProvider();
const model = (type: string): ResourceModel<Aws> => operations.resourceModel(awsProvider(), type);
const replaced = (type: string, olds: Props, news: Props): string[] =>
  operations
    .diff(model(type), olds, news)
    .changes.filter(({ replaces }) => replaces)
    .map(({ path }) => path);

let aws: Aws;
const environment = { ...process.env };
beforeAll(() => {
  process.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
  aws = configureAws({ region: "eu-west-1", defaultTags: '{"tags":{"Project":"cluster"}}' });
});
afterAll(() => void (process.env = environment));

const check = (type: string, news: Props) =>
  operations.check(model(type), aws, { type, name: "thing", olds: {}, news, naming: { seed: new Uint8Array(4) } });

test("a type that is not modelled is refused by name", () => {
  expect(() => model("aws:sqs/queue:Queue")).toThrow(
    "aws:sqs/queue:Queue: this resource type is not modelled by the local provider",
  );
});

test.each(Object.keys(resources))("%s refuses an argument that it does not model", (type) => {
  expect(check(type, { foo: 1 }).failures).toEqual([
    { property: "foo", reason: `${type}: argument "foo" is not modelled by the local provider` },
  ]);
});

test("without an address of the cloud there is no provider, so that nothing reaches AWS by mistake", () => {
  const endpoint = process.env["AWS_ENDPOINT_URL"];
  delete process.env["AWS_ENDPOINT_URL"];
  expect(() => configureAws({ region: "eu-west-1" })).toThrow(
    "AWS_ENDPOINT_URL is not set: the local provider serves no other cloud than the local one",
  );
  process.env["AWS_ENDPOINT_URL"] = endpoint;
});

test("the provider's default tags are part of every resource's tags", () => {
  const { inputs } = check("aws:ec2/vpc:Vpc", { cidrBlock: "10.0.0.0/16", tags: { Name: "v" } });
  expect(inputs).toEqual({
    cidrBlock: "10.0.0.0/16",
    instanceTenancy: "default",
    enableDnsSupport: true,
    tags: { Name: "v" },
    tagsAll: { Project: "cluster", Name: "v" },
  });
  expect(check("aws:ec2/vpc:Vpc", { tags: { Name: UNKNOWN } }).inputs["tagsAll"]).toBe(UNKNOWN);
});

test("changes replace where AWS cannot change in place, and tags never do", () => {
  expect(
    replaced(
      "aws:ec2/vpc:Vpc",
      { cidrBlock: "a", enableDnsHostnames: false },
      { cidrBlock: "b", enableDnsHostnames: true },
    ),
  ).toEqual(["cidrBlock"]);
  expect(
    replaced(
      "aws:ec2/flowLog:FlowLog",
      { trafficType: "ALL", tags: { a: "1" } },
      { trafficType: "REJECT", tags: { a: "2" } },
    ),
  ).toEqual(["trafficType"]);
  expect(replaced("aws:ebs/volume:Volume", { size: 1, encrypted: false }, { size: 2, encrypted: true })).toEqual([
    "encrypted",
  ]);
  expect(
    replaced("aws:ec2/routeTableAssociation:RouteTableAssociation", { routeTableId: "a" }, { routeTableId: "b" }),
  ).toEqual([]);
});

test("another key replaces volumes, instances and repositories, and parameters, log groups and templates take it up", () => {
  const [olds, news] = [{ kmsKeyId: "a" }, { kmsKeyId: "b" }];
  expect(replaced("aws:ebs/volume:Volume", olds, news)).toEqual(["kmsKeyId"]);
  expect(replaced("aws:ec2/instance:Instance", { rootBlockDevice: olds }, { rootBlockDevice: news })).toEqual([
    "rootBlockDevice.kmsKeyId",
  ]);
  const configured = (kmsKey: string) => ({ encryptionConfigurations: [{ encryptionType: "KMS", kmsKey }] });
  expect(replaced("aws:ecr/repository:Repository", configured("a"), configured("b"))).toEqual([
    "encryptionConfigurations[0].kmsKey",
  ]);
  expect(replaced("aws:ssm/parameter:Parameter", { keyId: "a" }, { keyId: "b" })).toEqual([]);
  expect(replaced("aws:cloudwatch/logGroup:LogGroup", olds, news)).toEqual([]);
  const mapped = (ebs: Props) => ({ blockDeviceMappings: [{ ebs }] });
  expect(replaced("aws:ec2/launchTemplate:LaunchTemplate", mapped(olds), mapped(news))).toEqual([]);
  expect(replaced("aws:kms/key:Key", { policy: "a", multiRegion: false }, { policy: "b", multiRegion: true })).toEqual([
    "multiRegion",
  ]);
});

test("user data replaces an instance only when the program says so", () => {
  const type = "aws:ec2/instance:Instance";
  expect(replaced(type, { userDataBase64: "a" }, { userDataBase64: "b" })).toEqual([]);
  expect(replaced(type, { userDataBase64: "a" }, { userDataBase64: "b", userDataReplaceOnChange: true })).toContain(
    "userDataBase64",
  );
  expect(
    replaced(type, { rootBlockDevice: { volumeSize: 8 } }, { rootBlockDevice: { volumeSize: 9, encrypted: true } }),
  ).toEqual(["rootBlockDevice.encrypted"]);
});

test("a new version of a launch template is unknown in a preview, and only then", () => {
  const template = model("aws:ec2/launchTemplate:LaunchTemplate");
  const state = { latestVersion: 1, defaultVersion: 1, arn: "x" };
  expect(operations.previewUpdate(template, state, { userData: "a" }, { userData: "b" })).toEqual({
    ...state,
    userData: "b",
    latestVersion: UNKNOWN,
    defaultVersion: UNKNOWN,
  });
  expect(operations.previewUpdate(template, state, { tags: {} }, { tags: { a: "1" } })).toMatchObject(state);
});

test("a policy may be given as a document", () => {
  const { inputs } = check("aws:iam/rolePolicy:RolePolicy", {
    role: "r",
    name: "n",
    policy: { Version: "2012-10-17" },
  });
  expect(inputs["policy"]).toBe('{"Version":"2012-10-17"}');
});

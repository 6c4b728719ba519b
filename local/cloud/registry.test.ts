import {
  CreateRepositoryCommand,
  DescribeImagesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
} from "@aws-sdk/client-ecr";
import { CreateRoleCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";
import { ecrAnswers } from "./answers-ecr";
import { close, startTestCloud, type TestCloud } from "./testing";

jest.setTimeout(180_000);

/** What reached the registry behind the gate, which takes everything. */
const reached: string[] = [];
let cloud: TestCloud;
let registry: http.Server;
let vpc: { server: http.Server; address: string };

const listen = async (handler: http.RequestListener): Promise<{ server: http.Server; port: number }> => {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as { port: number }).port };
};

const storage = fs.mkdtempSync(path.join(os.tmpdir(), "registry-"));

beforeAll(async () => {
  const behind = await listen((request, response) => {
    request.resume().on("end", () => {
      reached.push(`${request.method} ${request.url}`);
      response.writeHead(request.method === "PUT" ? 201 : 200).end();
    });
  });
  registry = behind.server;
  cloud = await startTestCloud((_context, parts) => ecrAnswers({ storage, ...parts }), behind.port, storage);
  const front = await listen((request, response) => void cloud.registry.handle(request, response, true));
  vpc = { server: front.server, address: `http://127.0.0.1:${front.port}` };
  const repository = (repositoryName: string, imageTagMutability: "IMMUTABLE" | "MUTABLE") =>
    cloud.clients.ecr.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability }));
  await repository("team/web", "IMMUTABLE");
  await repository("scratch", "MUTABLE");
});
afterAll(async () => {
  close(vpc.server);
  await cloud.stop();
  close(registry);
  fs.rmSync(storage, { recursive: true });
});
beforeEach(() => reached.splice(0));

const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
const manifest = (text: string) =>
  JSON.stringify({ schemaVersion: 2, mediaType, config: { digest: `sha256:${text}` }, layers: [] });

const push = (path: string, body: string) =>
  fetch(`${cloud.endpoint}/v2/${path}`, { method: "PUT", body, headers: { "content-type": mediaType } });

async function codeOf(answer: Response): Promise<[number, string, string]> {
  const { errors } = (await answer.json()) as { errors: [{ code: string; message: string }] };
  return [answer.status, errors[0].code, errors[0].message];
}

test("a repository that was not created takes no image", async () => {
  const expected = [
    404,
    "NAME_UNKNOWN",
    "The repository with name 'absent' does not exist in the registry with id '123456789012'",
  ];
  expect(await codeOf(await push("absent/manifests/v1", manifest("a")))).toEqual(expected);
  const upload = await fetch(`${cloud.endpoint}/v2/absent/blobs/uploads/`, { method: "POST" });
  expect(await codeOf(upload)).toEqual(expected);
  expect(reached).toEqual([]);
});

test("a pushed image is in the API with its digest and tag", async () => {
  expect((await push("team/web/manifests/v1", manifest("one"))).status).toBe(201);
  const digest = `sha256:${createHash("sha256").update(manifest("one")).digest("hex")}`;
  const { imageDetails } = await cloud.clients.ecr.send(new DescribeImagesCommand({ repositoryName: "team/web" }));
  expect(imageDetails!.map(({ imageDigest, imageTags }) => [imageDigest, imageTags])).toEqual([[digest, ["v1"]]]);
  expect(reached).toEqual(["PUT /v2/team/web/manifests/v1"]);
});

test("an immutable tag can be pushed again with the same image only", async () => {
  expect((await push("team/web/manifests/v2", manifest("two"))).status).toBe(201);
  expect((await push("team/web/manifests/v2", manifest("two"))).status).toBe(201);
  expect(await codeOf(await push("team/web/manifests/v2", manifest("other")))).toEqual([
    400,
    "TAG_INVALID",
    "The image tag 'v2' already exists in the 'team/web' repository and cannot be overwritten because the tag is immutable.",
  ]);
  expect((await push("scratch/manifests/v2", manifest("two"))).status).toBe(201);
  expect((await push("scratch/manifests/v2", manifest("other"))).status).toBe(201);
});

test("callers in a VPC show the token that the API gave them", async () => {
  const path = `${vpc.address}/v2/team/web/manifests/v1`;
  const refused = await fetch(path);
  expect(refused.headers.get("www-authenticate")).toMatch(
    /^Basic realm="https:\/\/127\.0\.0\.1:\d+\/",service="ecr\.amazonaws\.com"$/,
  );
  expect((await codeOf(refused)).slice(0, 2)).toEqual([401, "UNAUTHORIZED"]);
  const wrong = Buffer.from("AWS:guess").toString("base64");
  expect((await fetch(path, { headers: { authorization: `Basic ${wrong}` } })).status).toBe(401);
  const token = JSON.parse(
    await cloud.aws("ecr", "get-authorization-token", "--query", "authorizationData[0].authorizationToken"),
  ) as string;
  expect((await fetch(path, { headers: { authorization: `Basic ${token}` } })).status).toBe(200);
  expect(reached).toEqual(["GET /v2/team/web/manifests/v1"]);
});

test("a role pulls from the repositories that its policies name, and pushes to none", async () => {
  const { clients, endpoint, sessions } = cloud;
  const Statement = [
    { Effect: "Allow", Action: "ecr:GetAuthorizationToken", Resource: "*" },
    {
      ...{ Effect: "Allow", Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] },
      Resource: "arn:aws:ecr:eu-west-1:123456789012:repository/team/*",
    },
  ];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  await clients.iam.send(new CreateRoleCommand({ RoleName: "hosts", AssumeRolePolicyDocument }));
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await clients.iam.send(new PutRolePolicyCommand({ RoleName: "hosts", PolicyName: "pull", PolicyDocument }));
  const session = await sessions.open("arn:aws:iam::123456789012:role/hosts", "i-0123456789abcdef0", 3600);
  const credentials = { ...session, sessionToken: session.token };
  const { authorizationData } = await new ECRClient({ endpoint, region: "eu-west-1", credentials }).send(
    new GetAuthorizationTokenCommand({}),
  );
  const headers = { authorization: `Basic ${authorizationData![0]!.authorizationToken}` };
  const ask = (path: string, method = "GET") => fetch(`${vpc.address}/v2/${path}`, { method, headers });
  expect((await ask("team/web/manifests/v1")).status).toBe(200);
  expect((await ask("team/web/blobs/sha256:ab")).status).toBe(200);
  const denied = (action: string, repository: string) => [
    ...[403, "DENIED"],
    "User: arn:aws:sts::123456789012:assumed-role/hosts/i-0123456789abcdef0 is not authorized to perform: " +
      `ecr:${action} on resource: arn:aws:ecr:eu-west-1:123456789012:repository/${repository} ` +
      `because no identity-based policy allows the ecr:${action} action`,
  ];
  expect(await codeOf(await ask("scratch/manifests/v2"))).toEqual(denied("BatchGetImage", "scratch"));
  expect(await codeOf(await ask("scratch/blobs/sha256:ab"))).toEqual(denied("GetDownloadUrlForLayer", "scratch"));
  expect(await codeOf(await ask("team/web/blobs/uploads/", "POST"))).toEqual(denied("InitiateLayerUpload", "team/web"));
  expect(reached).toEqual(["GET /v2/team/web/manifests/v1", "GET /v2/team/web/blobs/sha256:ab"]);
});

test("a layer that the machine has is linked into the repository that is asked for it, and no other", async () => {
  const hash = "ab".padEnd(64, "0");
  const data = path.join(storage, "docker/registry/v2/blobs/sha256/ab", hash);
  fs.mkdirSync(data, { recursive: true });
  fs.writeFileSync(path.join(data, "data"), "layer");
  const link = (repository: string) =>
    path.join(storage, "docker/registry/v2/repositories", repository, "_layers/sha256", hash, "link");

  await fetch(`${cloud.endpoint}/v2/scratch/blobs/sha256:${hash}`, { method: "HEAD" });
  await fetch(`${cloud.endpoint}/v2/absent/blobs/sha256:${hash}`, { method: "HEAD" });
  await fetch(`${cloud.endpoint}/v2/scratch/blobs/sha256:${"cd".padEnd(64, "0")}`, { method: "HEAD" });
  expect(fs.readFileSync(link("scratch"), "utf8")).toBe(`sha256:${hash}`);
  expect(fs.existsSync(link("absent"))).toBe(false);
  expect(fs.readdirSync(path.join(storage, "docker/registry/v2/repositories/scratch/_layers/sha256"))).toEqual([hash]);
});

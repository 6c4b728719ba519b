import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { ProviderModel } from "./model";
import { serve, type RunningProvider } from "./server";
import { fromStruct, toStruct, UNKNOWN, type Props } from "./wire";

interface Place {
  readonly address: string;
}

const toy: ProviderModel<Place> = {
  name: "toy",
  version: "1.2.3",
  config: "address! token",
  configure: ({ address }) => ({ address }),
  resources: {
    "toy:index:Thing": {
      args: "name! size password",
      create: async (_place, { name }, { created }) => {
        if (name === "refused") throw new Error("the name is taken");
        created(`id-${name}`);
        if (name === "half") throw new Error("it is not ready");
        return `id-${name}`;
      },
      read: async ({ address }, id) => (id === "id-gone" ? undefined : { where: address }),
      update: async () => undefined,
      delete: async () => undefined,
    },
  },
  functions: { "toy:index:where": { args: "", invoke: async ({ address }) => ({ address }) } },
};

const URN = "urn:pulumi:stack::project::toy:index:Thing::thing";
let running: RunningProvider;
const clients: ResourceProviderClient[] = [];

/** Connections of their own, as the engine makes one for each provider resource. */
function connect(): ResourceProviderClient {
  const options = { "grpc.use_local_subchannel_pool": 1 };
  const client = new ResourceProviderClient(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure(), options);
  clients.push(client);
  return client;
}

function call<Q, R>(client: ResourceProviderClient, method: string, request: Q): Promise<R> {
  return new Promise((resolve, reject) => {
    const unary = (
      client as unknown as Record<string, (request: Q, done: (error: Error | null, response: R) => void) => void>
    )[method]!;
    unary.call(client, request, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

async function configured(address: string): Promise<ResourceProviderClient> {
  const client = connect();
  const request = new pb.ConfigureRequest();
  request.setArgs(toStruct({ address }));
  const response = await call<pb.ConfigureRequest, pb.ConfigureResponse>(client, "configure", request);
  expect(response.getSupportspreview()).toBe(true);
  return client;
}

function createRequest(props: Props, preview = false): pb.CreateRequest {
  const request = new pb.CreateRequest();
  request.setUrn(URN);
  request.setProperties(toStruct(props));
  request.setPreview(preview);
  return request;
}

beforeAll(async () => {
  running = await serve(toy);
});
afterAll(() => {
  clients.forEach((client) => client.close());
  running.stop();
});

test("it reports the version that it was given", async () => {
  const info = await call<Empty, { getVersion(): string }>(connect(), "getPluginInfo", new Empty());
  expect(info.getVersion()).toBe("1.2.3");
});

test("two instances of the provider in one process keep their own configuration", async () => {
  const [first, second] = [await configured("one"), await configured("two")];
  for (const [client, address] of [
    [first, "one"],
    [second, "two"],
    [first, "one"],
  ] as const) {
    const request = new pb.InvokeRequest();
    request.setTok("toy:index:where");
    const response = await call<pb.InvokeRequest, pb.InvokeResponse>(client, "invoke", request);
    expect(fromStruct(response.getReturn())).toEqual({ address });
  }
});

test("a configuration with an argument that is not modelled is refused by name", async () => {
  const request = new pb.CheckRequest();
  request.setNews(toStruct({ address: "one", version: "1.0.0", colour: "red" }));
  const response = await call<pb.CheckRequest, pb.CheckResponse>(connect(), "checkConfig", request);
  expect(response.getFailuresList().map((failure) => failure.getReason())).toEqual([
    'pulumi:providers:toy: argument "colour" is not modelled by the local provider',
  ]);
});

test("a preview creates with the values that it knows and without an id", async () => {
  const response = await call<pb.CreateRequest, pb.CreateResponse>(
    await configured("one"),
    "create",
    createRequest({ name: UNKNOWN, size: 3 }, true),
  );
  expect(response.getId()).toBe("");
  expect(fromStruct(response.getProperties())).toEqual({ name: UNKNOWN, size: 3 });
});

test("secret arguments arrive in plain, however deep they were marked", async () => {
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "hunter2" };
  const response = await call<pb.CreateRequest, pb.CreateResponse>(
    await configured("one"),
    "create",
    createRequest({ name: "a", password: { nested: secret } }),
  );
  expect(fromStruct(response.getProperties())).toEqual({ name: "a", password: { nested: "hunter2" }, where: "one" });
});

test("an error names the resource and the cause", async () => {
  const failing = call(await configured("one"), "create", createRequest({ name: "refused" }));
  await expect(failing).rejects.toMatchObject({ details: 'creating toy:index:Thing "thing": the name is taken' });
});

test("a half-made resource travels with the error", async () => {
  const error = await call(await configured("one"), "create", createRequest({ name: "half" })).catch(
    (caught) => caught as grpc.ServiceError,
  );
  const [bytes] = (error as grpc.ServiceError).metadata.get("grpc-status-details-bin");
  const [detail] = Status.deserializeBinary(bytes as Buffer).getDetailsList();
  const failed = detail!.unpack(pb.ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed")!;
  expect(failed.getId()).toBe("id-half");
  expect(fromStruct(failed.getProperties())).toEqual({ name: "half", where: "one" });
  expect(failed.getReasonsList()).toEqual(['creating toy:index:Thing "thing": it is not ready']);
});

test("a difference names the properties that replace", async () => {
  const request = new pb.DiffRequest();
  request.setUrn(URN);
  request.setOldInputs(toStruct({ name: "a", size: 1 }));
  request.setNews(toStruct({ name: "b", size: 2 }));
  const response = await call<pb.DiffRequest, pb.DiffResponse>(connect(), "diff", request);
  expect(response.getChanges()).toBe(pb.DiffResponse.DiffChanges.DIFF_SOME);
  expect(response.getReplacesList()).toEqual(["name"]);
  expect(response.getDiffsList()).toEqual(["name", "size"]);
  expect(response.getDetaileddiffMap().get("name")?.getKind()).toBe(pb.PropertyDiff.Kind.UPDATE_REPLACE);
  expect(response.getDetaileddiffMap().get("size")?.getKind()).toBe(pb.PropertyDiff.Kind.UPDATE);
});

test("what is gone reads as having no id", async () => {
  const request = new pb.ReadRequest();
  request.setUrn(URN);
  request.setId("id-gone");
  const response = await call<pb.ReadRequest, pb.ReadResponse>(await configured("one"), "read", request);
  expect(response.getId()).toBe("");
});

test("a use before the configuration is an error that says so", async () => {
  const own = await serve(toy);
  const client = new ResourceProviderClient(`127.0.0.1:${own.port}`, grpc.credentials.createInsecure());
  clients.push(client);
  const failing = call(client, "create", createRequest({ name: "a" }));
  await expect(failing).rejects.toMatchObject({ details: "the toy provider is used before it is configured" });
  own.stop();
});

import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService, type IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Operation, ProviderModel } from "./model";
import * as operations from "./operations";
import { parseShape, type Change } from "./shape";
import { checkFailures, diffResponse, proposedName } from "./responses";
import { equal, fromStruct, toStruct, unwrap, type Props } from "./wire";

export type OnCreated = (urn: string, id: string) => void;

export interface RunningProvider {
  readonly name: string;
  readonly port: number;
  stop(): void;
}

/** What the engine adds to a provider's configuration by itself. */
const enginesOwn = " version pluginDownloadURL __internal";

/**
 * Serves a provider to a Pulumi engine on a free loopback port. Secrets arrive in plain and the engine marks the outputs of the
 * same name again; outputs that are secrets by themselves are marked here.
 */
export async function serve<C>(model: ProviderModel<C>, onCreated?: OnCreated): Promise<RunningProvider> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, service(model, onCreated) as unknown as grpc.UntypedServiceImplementation);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { name: model.name, port, stop: () => server.forceShutdown() };
}

function unary<Q, R>(work: (request: Q, peer: string) => Promise<R> | R): grpc.handleUnaryCall<Q, R> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => work(call.request, call.getPeer()))
      .then(
        (response) => callback(null, response),
        (error) => callback(failure(error)),
      );
  };
}

/** An error as gRPC carries it; a half-made resource travels in the details, which the engine then keeps. */
function failure(error: unknown): Partial<grpc.StatusObject> {
  const message = operations.describe(error);
  const metadata = new grpc.Metadata();
  if (error instanceof operations.InitializationError) {
    const detail = new pb.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(toStruct(error.outputs));
    detail.setReasonsList([message]);
    const any = new Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(any);
    metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

interface Called {
  getUrn(): string;
  getType?(): string;
  getName?(): string;
  getTimeout?(): number;
}

function service<C>(model: ProviderModel<C>, onCreated?: OnCreated): Partial<IResourceProviderServer> {
  // Every explicit provider of the package comes over a connection of its own, and no request names its provider.
  const contexts = new Map<string, Promise<C>>();
  const running = new AbortController();
  const configShape = parseShape(model.config + enginesOwn);
  let engine: EngineClient | undefined;
  const attach = (address: string) => {
    if (address) engine = new EngineClient(address, grpc.credentials.createInsecure());
  };
  const context = (peer: string): Promise<C> => {
    const found = contexts.get(peer) ?? (contexts.size === 1 ? [...contexts.values()][0] : undefined);
    if (!found) throw new Error(`the ${model.name} provider is used before it is configured`);
    return found;
  };
  const log = (urn: string, message: string) => {
    const request = new LogRequest();
    request.setSeverity(LogSeverity.INFO);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(true);
    engine?.log(request, () => undefined);
  };
  const operation = (request: Called): Operation => {
    const urn = request.getUrn();
    const asked = request.getTimeout?.() ?? 0;
    return {
      urn,
      type: request.getType?.() || urn.split("::")[2]!.split("$").pop()!,
      name: request.getName?.() || urn.split("::").slice(3).join("::"),
      signal: running.signal,
      timeout: (defaultSeconds) => asked || defaultSeconds,
      created: (id) => onCreated?.(urn, id),
      status: (message) => log(urn, message),
    };
  };
  const plain = (struct: Parameters<typeof fromStruct>[0]): Props => unwrap(fromStruct(struct));
  const of = (type: string) => operations.resourceModel(model, type);

  return {
    handshake: unary((request: pb.ProviderHandshakeRequest) => {
      attach(request.getEngineAddress());
      const response = new pb.ProviderHandshakeResponse();
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    attach: unary((request) => {
      attach(request.getAddress());
      return new Empty();
    }),
    getPluginInfo: unary(() => {
      const info = new PluginInfo();
      info.setVersion(model.version);
      return info;
    }),
    getSchema: unary(() => {
      const response = new pb.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: model.name, version: model.version }));
      return response;
    }),
    checkConfig: unary((request: pb.CheckRequest) => {
      const response = new pb.CheckResponse();
      response.setInputs(request.getNews());
      const type = `pulumi:providers:${model.name}`;
      response.setFailuresList(checkFailures(operations.refusals(type, configShape, plain(request.getNews()))));
      return response;
    }),
    diffConfig: unary((request: pb.DiffRequest) => {
      const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
      const news = fromStruct(request.getNews());
      const names = [...configShape.fields!].filter(
        ([name]) => !enginesOwn.includes(name) && !equal(olds[name], news[name]),
      );
      const found = names.map(([path, { replaces }]): Change => ({ path, kind: "update", replaces }));
      return diffResponse({ changes: found, deleteBeforeReplace: false });
    }),
    configure: unary(async (request: pb.ConfigureRequest, peer) => {
      const made = Promise.resolve(model.configure(plain(request.getArgs())));
      contexts.set(peer, made);
      await made;
      const response = new pb.ConfigureResponse();
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    invoke: unary(async (request: pb.InvokeRequest, peer) => {
      const result = await operations.invoke(
        model,
        await context(peer),
        request.getTok(),
        fromStruct(request.getArgs()),
      );
      const response = new pb.InvokeResponse();
      response.setReturn(toStruct(result));
      return response;
    }),
    check: unary(async (request: pb.CheckRequest, peer) => {
      const { type, name } = operation(request);
      const { inputs, failures } = operations.check(of(type), await context(peer), {
        type,
        name,
        olds: plain(request.getOlds()),
        news: plain(request.getNews()),
        naming: { seed: request.getRandomseed_asU8(), proposed: proposedName(request.getAutonaming()) },
      });
      const response = new pb.CheckResponse();
      response.setInputs(toStruct(inputs));
      response.setFailuresList(checkFailures(failures));
      return response;
    }),
    diff: unary((request: pb.DiffRequest) => {
      const olds = plain(request.getOldInputs() ?? request.getOlds());
      const state = plain(request.getOlds());
      return diffResponse(operations.diff(of(operation(request).type), olds, plain(request.getNews()), state));
    }),
    create: unary(async (request: pb.CreateRequest, peer) => {
      const call = operation(request);
      const inputs = plain(request.getProperties());
      const response = new pb.CreateResponse();
      if (request.getPreview()) {
        response.setProperties(toStruct(inputs));
        return response;
      }
      const { id, outputs } = await operations.create(of(call.type), await context(peer), inputs, call);
      response.setId(id);
      response.setProperties(toStruct(outputs));
      return response;
    }),
    read: unary(async (request: pb.ReadRequest, peer) => {
      const call = operation(request);
      const known = { id: request.getId(), state: plain(request.getProperties()), inputs: plain(request.getInputs()) };
      const found = await operations.read(of(call.type), await context(peer), known, call);
      const response = new pb.ReadResponse();
      if (!found) return response;
      response.setId(known.id);
      response.setProperties(toStruct(found.outputs));
      response.setInputs(toStruct(found.inputs));
      return response;
    }),
    update: unary(async (request: pb.UpdateRequest, peer) => {
      const call = operation(request);
      const known = {
        id: request.getId(),
        state: plain(request.getOlds()),
        olds: plain(request.getOldInputs() ?? request.getOlds()),
        news: plain(request.getNews()),
      };
      const response = new pb.UpdateResponse();
      const outputs = request.getPreview()
        ? operations.previewUpdate(of(call.type), known.state, known.olds, known.news)
        : await operations.update(of(call.type), await context(peer), known, call);
      response.setProperties(toStruct(outputs));
      return response;
    }),
    delete: unary(async (request: pb.DeleteRequest, peer) => {
      const call = operation(request);
      await operations.remove(
        of(call.type),
        await context(peer),
        request.getId(),
        plain(request.getProperties()),
        call,
      );
      return new Empty();
    }),
    cancel: unary(() => {
      running.abort();
      return new Empty();
    }),
  };
}

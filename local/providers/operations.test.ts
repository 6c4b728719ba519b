import type { Operation, ResourceModel } from "./model";
import * as operations from "./operations";
import { UNKNOWN, type Props } from "./wire";

const model: ResourceModel<string[]> = {
  args: "name! size tags token",
  autoname: { property: "name", maxLength: 20 },
  defaults: { size: 1 },
  volatile: { version: ["size"] },
  secretOutputs: ["token"],
  async create(calls, args) {
    calls.push(`create ${args.name}`);
    return "id-1";
  },
  read: async () => ({ version: 1, token: "t" }),
  async update(calls, { changed }) {
    calls.push(`update ${[...changed].join()}`);
  },
  delete: async () => undefined,
};
const operation: Operation = {
  urn: "urn:pulumi:s::p::toy:index:Thing::thing",
  type: "toy:index:Thing",
  name: "thing",
  signal: new AbortController().signal,
  timeout: (seconds) => seconds,
  created: () => undefined,
  status: () => undefined,
};
const seed = new Uint8Array([0xab, 0xcd, 0xef, 0x01]);
const check = (news: Props, olds: Props = {}, proposed?: string | null) =>
  operations.check(model, [], { type: operation.type, name: "thing", olds, news, naming: { seed, proposed } });

describe("check", () => {
  test("an argument that is not modelled is refused by name", () => {
    expect(check({ colour: "red", size: 2 }).failures).toEqual([
      { property: "colour", reason: 'toy:index:Thing: argument "colour" is not modelled by the local provider' },
    ]);
  });

  test("defaults and a generated name are filled in, and the name stays from then on", () => {
    expect(check({}).inputs).toEqual({ size: 1, name: "thing-abcdef0" });
    expect(check({}, { name: "thing-1234567" }).inputs).toEqual({ size: 1, name: "thing-1234567" });
  });

  test("the program's own rule of naming goes first", () => {
    expect(check({}, {}, "ruled").inputs).toEqual({ size: 1, name: "ruled" });
    expect(check({}, {}, null).inputs).toEqual({ size: 1 });
    expect(check({ name: "given" }, {}, "ruled").inputs).toEqual({ size: 1, name: "given" });
  });

  test("a generated name fits the length that the type allows", () => {
    const naming = { seed };
    const { inputs } = operations.check(model, [], { type: "t", name: "x".repeat(40), olds: {}, news: {}, naming });
    expect(inputs["name"]).toBe(`${"x".repeat(12)}-abcdef0`);
  });
});

describe("diff", () => {
  test("a name that stays is given up before it is taken again", () => {
    const fixed = { ...model, args: "name! size! tags token" };
    expect(operations.diff(fixed, { name: "a", size: 1 }, { name: "a", size: 2 }).deleteBeforeReplace).toBe(true);
    expect(operations.diff(fixed, { name: "a", size: 1 }, { name: "b", size: 2 }).deleteBeforeReplace).toBe(false);
    expect(operations.diff(model, { name: "a", size: 1 }, { name: "a", size: 2 }).deleteBeforeReplace).toBe(false);
  });

  test("without an update every change replaces", () => {
    const { changes } = operations.diff({ ...model, update: undefined }, { size: 1 }, { size: 2 });
    expect(changes).toEqual([{ path: "size", kind: "update", replaces: true }]);
  });

  test("an output that is out of date replaces, though no argument changed", () => {
    const ageing: ResourceModel<string[]> = { ...model, outdated: ({ version }) => (version === 1 ? ["version"] : []) };
    expect(operations.diff(ageing, { size: 1 }, { size: 1 }, { version: 1 }).changes).toEqual([
      { path: "version", kind: "update", replaces: true, isOutput: true },
    ]);
    expect(operations.diff(ageing, { size: 1 }, { size: 1 }, { version: 2 }).changes).toEqual([]);
  });

  test("what the type ignores is no change", () => {
    expect(
      operations.diff({ ...model, ignores: (path) => path === "token" }, { token: "a" }, { token: "b" }).changes,
    ).toEqual([]);
  });
});

describe("create and update", () => {
  test("outputs are the arguments and what was read, with secrets marked", async () => {
    const { id, outputs } = await operations.create(model, [], { name: "a" }, operation);
    expect(id).toBe("id-1");
    expect(outputs).toEqual({
      name: "a",
      version: 1,
      token: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "t" },
    });
  });

  test("what exists but did not become ready is kept with its id", async () => {
    const half: ResourceModel<string[]> = {
      ...model,
      async create(_calls, _args, { created }) {
        created("id-2");
        throw new Error("it never became ready");
      },
    };
    const error = await operations.create(half, [], { name: "a" }, operation).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(operations.InitializationError);
    expect(error).toMatchObject({
      id: "id-2",
      message: 'creating toy:index:Thing "thing": it never became ready',
      outputs: { name: "a", version: 1 },
    });
  });

  test("an error before anything exists keeps nothing", async () => {
    const refused = {
      ...model,
      create: () => Promise.reject(Object.assign(new Error("no such zone"), { name: "InvalidZone" })),
    };
    const error = await operations.create(refused, [], {}, operation).catch((caught: unknown) => caught);
    expect(error).not.toBeInstanceOf(operations.InitializationError);
    expect(error).toMatchObject({ message: 'creating toy:index:Thing "thing": InvalidZone: no such zone' });
  });

  test("an update that was applied and failed afterwards keeps the new arguments", async () => {
    const half: ResourceModel<string[]> = {
      ...model,
      async update(_calls, { id }, { created }) {
        created(id);
        throw new Error("unhealthy");
      },
    };
    const known = {
      id: "id-1",
      state: { name: "a", size: 1 },
      olds: { name: "a", size: 1 },
      news: { name: "a", size: 2 },
    };
    const error = await operations.update(half, [], known, operation).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      id: "id-1",
      outputs: { size: 2 },
      message: 'updating toy:index:Thing "thing": unhealthy',
    });
  });

  test("the preview of an update knows all but what the change makes new", () => {
    const [olds, state] = [
      { name: "a", size: 1, tags: {} },
      { name: "a", size: 1, tags: {}, version: 1, arn: "x" },
    ];
    const preview = (news: Props) => operations.previewUpdate(model, state, olds, news);
    expect(preview({ name: "a", size: 2 })).toEqual({ name: "a", size: 2, version: UNKNOWN, arn: "x" });
    expect(preview({ name: "a", size: 1 })).toEqual({ name: "a", size: 1, version: 1, arn: "x" });
  });
});

test("reading what is gone gives nothing, and drift shows in the arguments that the program gave", async () => {
  const known = { id: "id-1", state: {}, inputs: { disk: { size: 1 } } };
  expect(await operations.read({ ...model, read: async () => undefined }, [], known, operation)).toBeUndefined();
  const drifted = { ...model, read: async () => ({ disk: { size: 2, id: "vol-1" }, arn: "x" }) };
  expect((await operations.read(drifted, [], known, operation))?.inputs).toEqual({ disk: { size: 2 } });
});

test("types and functions that are not modelled are refused by name", async () => {
  const provider = { name: "toy", version: "1.0.0", config: "", configure: () => [], resources: {} };
  expect(() => operations.resourceModel(provider, "toy:index:Other")).toThrow(
    "toy:index:Other: this resource type is not modelled by the local provider",
  );
  await expect(operations.invoke(provider, [], "toy:index:get", {})).rejects.toThrow(
    "toy:index:get: this function is not modelled by the local provider",
  );
});

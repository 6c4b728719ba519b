import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation";
import { enginePath } from "../../engines/find";
import type { ProviderModel } from "./model";
import { serve, type RunningProvider } from "./server";
import type { Props } from "./wire";

/** What the toy's API has been told, and what it is to do. */
const calls: string[] = [];
let isReady = true;

const toy: ProviderModel<string> = {
  name: "toy",
  version: "1.0.0",
  config: "address",
  configure: ({ address }) => address ?? "default",
  resources: {
    "toy:index:Thing": {
      args: "size! note password",
      secretOutputs: ["key"],
      async create(address, { size, password }, { created }) {
        calls.push(`create ${size} at ${address} with ${password}`);
        created("thing-1");
        if (!isReady) throw new Error("it is not ready");
        return "thing-1";
      },
      read: async () => ({ key: "computed-key", address: "10.0.0.1" }),
      async update(_address, { changed }) {
        calls.push(`update ${[...changed].join()}`);
      },
      delete: async (_address, id) => void calls.push(`delete ${id}`),
    },
  },
};

class Thing extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;
  declare readonly key: pulumi.Output<string>;
  constructor(name: string, args: Props, opts?: pulumi.CustomResourceOptions) {
    super("toy:index:Thing", name, { address: undefined, key: undefined, ...args }, opts);
  }
}
class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: Props) {
    super("toy", name, args);
  }
}

let folder: string;
let provider: RunningProvider;
let stack: automation.Stack;
let args: Props;
let extra: () => unknown;

const stateText = (): string => readFileSync(path.join(folder, "state/.pulumi/stacks/toys/test.json"), "utf8");
const up = async () => (await stack.up()).summary.resourceChanges;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "engine-"));
  for (const name of ["state", "work"]) mkdirSync(path.join(folder, name));
  process.env["PATH"] = `${path.dirname(enginePath("pulumi"))}:${process.env["PATH"]}`;
  provider = await serve(toy);
  const program = async () => {
    extra();
    const thing = new Thing("thing", args);
    return { address: thing.address, key: thing.key };
  };
  stack = await automation.LocalWorkspace.createOrSelectStack(
    { stackName: "test", projectName: "toys", program },
    {
      workDir: path.join(folder, "work"),
      pulumiHome: path.join(folder, "home"),
      envVars: {
        PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DEBUG_PROVIDERS: `toy:${provider.port}`,
      },
    },
  );
}, 60_000);
afterAll(() => {
  provider.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  calls.length = 0;
  isReady = true;
  extra = () => undefined;
  args = { size: 1, note: "a", password: pulumi.secret("hunter2") };
});

test("the engine creates a resource, and keeps secret arguments and outputs encrypted", async () => {
  const { outputs, summary } = await stack.up();
  expect(summary.resourceChanges).toEqual({ create: 2 });
  expect(calls).toEqual(["create 1 at default with hunter2"]);
  expect(outputs["address"]).toEqual({ value: "10.0.0.1", secret: false });
  expect(outputs["key"]).toEqual({ value: "computed-key", secret: true });
  expect(stateText()).not.toMatch(/hunter2|computed-key/);
}, 60_000);

test("a second run changes nothing", async () => {
  expect(await up()).toEqual({ same: 2 });
  expect(calls).toEqual([]);
}, 60_000);

test("changes are made in place, or by replacement where they must be", async () => {
  args = { ...args, note: "b" };
  expect(await up()).toEqual({ update: 1, same: 1 });
  args = { ...args, size: 2 };
  expect(await up()).toEqual({ replace: 1, same: 1 });
  expect(calls).toEqual(["update note", "create 2 at default with hunter2", "delete thing-1"]);
}, 60_000);

test("a change that is ignored does nothing by itself, and a replacement for any other reason takes it up", async () => {
  const run = async (size: number, password: string, options: automation.UpOptions = {}): Promise<string[]> => {
    calls.length = 0;
    extra = () => new Thing("other", { size, password }, { ignoreChanges: ["password"] });
    await stack.up(options);
    return calls.filter((call) => call.startsWith("create") || call.startsWith("update"));
  };
  args = { ...args, note: "b", size: 2 };
  expect(await run(1, "first")).toEqual(["create 1 at default with first"]);
  expect(await run(1, "second")).toEqual([]);
  expect(await run(2, "second")).toEqual(["create 2 at default with second"]);
  const replace = ["urn:pulumi:test::toys::toy:index:Thing::other"];
  expect(await run(2, "third", { replace })).toEqual(["create 2 at default with third"]);
  extra = () => undefined;
  expect(await up()).toEqual({ delete: 1, same: 2 });
}, 120_000);

test("a provider whose address is not known yet previews, and gets it in the run itself", async () => {
  args = { ...args, note: "b", size: 2 };
  extra = () => {
    const first = new Thing("first", { size: 3 });
    new Thing("second", { size: 4 }, { provider: new Provider("later", { address: first.address }) });
  };
  expect((await stack.preview()).changeSummary).toEqual({ create: 3, same: 2 });
  expect(calls).toEqual([]);
  await stack.up();
  expect(calls).toEqual(["create 3 at default with undefined", "create 4 at 10.0.0.1 with undefined"]);
}, 60_000);

test("an argument that is not modelled stops the run by its name", async () => {
  args = { ...args, colour: "red" };
  await expect(stack.up()).rejects.toThrow('toy:index:Thing: argument "colour" is not modelled by the local provider');
}, 60_000);

test("what did not become ready is finished by the next run, not made twice", async () => {
  args = { ...args, size: 9 };
  isReady = false;
  await expect(stack.up()).rejects.toThrow('creating toy:index:Thing "thing": it is not ready');
  isReady = true;
  calls.length = 0;
  await stack.up();
  expect(calls.filter((call) => call.startsWith("create"))).toEqual([]);
  expect(calls).toContain("update ");
}, 60_000);

test("destroy leaves nothing", async () => {
  const { summary } = await stack.destroy();
  expect(summary.resourceChanges).toEqual({ delete: 2 });
}, 60_000);

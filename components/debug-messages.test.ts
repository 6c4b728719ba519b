import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { skipDebugMessages } from "./debug-messages";

describe("skipDebugMessages", () => {
  const { debug } = pulumi.log;
  let sent: string[];
  beforeEach(async () => {
    sent = [];
    // As Pulumi's function of this name, which its runtime looks up in its module each time.
    Object.assign(pulumi.log, { debug: async (message: string) => void sent.push(message) });
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
      call: () => ({}),
    });
  });
  afterEach(() => void Object.assign(pulumi.log, { debug }));

  const makeResource = () => new Promise((resolve) => new random.RandomId("one", { byteLength: 1 }).id.apply(resolve));

  it("has the runtime send nothing of its work", async () => {
    skipDebugMessages({});
    await makeResource();
    expect(sent).toEqual([]);
  });

  it("lets it send all when it is asked for", async () => {
    skipDebugMessages({ CLUSTER_DEBUG_MESSAGES: "true" });
    await makeResource();
    expect(sent).toContainEqual(expect.stringMatching(/^RegisterResource RPC finished: resource:one/));
  });
});

import { aclDocument, consulPolicies, type ConsulTokens, secretDocuments, uuidOf } from "./secrets";

const tokens: ConsulTokens = {
  management: uuidOf("0".repeat(32)),
  serverAgent: uuidOf("1".repeat(32)),
  workerAgent: uuidOf("2".repeat(32)),
  dns: uuidOf("3".repeat(32)),
  nomadServer: uuidOf("4".repeat(32)),
  nomadWorker: uuidOf("5".repeat(32)),
};

describe("a UUID out of random digits", () => {
  it("is one of version 4, as Consul and Nomad demand of a token", () => {
    expect(uuidOf("ffffffffffffffffffffffffffffffff")).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
    expect(uuidOf("00000000000000000000000000000000")).toBe("00000000-0000-4000-8000-000000000000");
  });

  it("is refused for anything but 32 digits, without repeating what was given", () => {
    expect(() => uuidOf("secret")).toThrow(new Error("uuidOf: expected 32 hexadecimal digits, got 6 characters"));
  });
});

describe("what servers make of a new cluster", () => {
  const document = aclDocument(tokens, uuidOf("6".repeat(32)));

  it("is a policy and a token for each kind of agent, each token with its own policy alone", () => {
    expect(document.consul.policies.map(({ Name }) => Name)).toEqual([
      "dns",
      "server-agent",
      "worker-agent",
      "nomad-server",
      "nomad-worker",
    ]);
    for (const [index, { Policies, SecretID }] of document.consul.tokens.entries()) {
      expect(Policies).toEqual([{ Name: document.consul.policies[index]!.Name }]);
      expect(SecretID).toMatch(/^([1-5])\1{7}-/);
    }
    expect(document.nomad.BootstrapSecret).toBe("66666666-6666-4666-a666-666666666666");
  });

  it("leaves the management token to the agents' own configuration", () => {
    expect(JSON.stringify(document)).not.toContain(tokens.management);
  });

  it("fits a standard parameter of 4 KiB", () => {
    expect(JSON.stringify(document).length).toBeLessThan(4_096);
  });

  it("gives no agent the right to change ACLs, keys or the cluster's make-up", () => {
    for (const rules of Object.values(consulPolicies))
      expect(rules).not.toMatch(/\b(acl|key|operator|keyring|session)/);
  });
});

it("workers are given what servers are, but for the documents that make tokens", () => {
  expect(secretDocuments.workers).toEqual(["tls", "consul", "nomad"]);
  expect(secretDocuments.servers).toEqual(["tls", "consul", "nomad", "acl"]);
});

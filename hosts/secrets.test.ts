import { aclDocument, consulPolicies, type ConsulTokens, gossipKeyOf, secretDocuments, uuidOf } from "./secrets";

const tokens: ConsulTokens = {
  management: uuidOf("management"),
  serverAgent: uuidOf("serverAgent"),
  workerAgent: uuidOf("workerAgent"),
  dns: uuidOf("dns"),
  nomadWorker: uuidOf("nomadWorker"),
};

describe("what is made of a password", () => {
  it("is a UUID of version 4, as Consul and Nomad demand of a token", () => {
    expect(uuidOf("password")).toBe("5e884898-da28-4471-91d0-e56f8dc62927");
    for (const text of ["a", "b", "c", "d", "e"]) {
      expect(uuidOf(text)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("is a gossip key of 32 bytes", () => {
    expect(Buffer.from(gossipKeyOf("password"), "base64")).toHaveLength(32);
    expect(gossipKeyOf("password")).toBe("XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=");
  });
});

describe("what servers make of a new cluster", () => {
  const document = aclDocument(tokens, uuidOf("nomad"));

  it("is a management token, and for each kind of agent a policy and a token that has it", () => {
    expect(document.consul.policies.map(({ Name }) => Name)).toEqual([
      "dns",
      "server-agent",
      "worker-agent",
      "nomad-worker",
    ]);
    expect(document.consul.tokens).toEqual([
      { SecretID: tokens.management, Description: "management", Policies: [{ Name: "global-management" }] },
      { SecretID: tokens.dns, Description: "dns", Policies: [{ Name: "dns" }] },
      { SecretID: tokens.serverAgent, Description: "server-agent", Policies: [{ Name: "server-agent" }] },
      { SecretID: tokens.workerAgent, Description: "worker-agent", Policies: [{ Name: "worker-agent" }] },
      { SecretID: tokens.nomadWorker, Description: "nomad-worker", Policies: [{ Name: "nomad-worker" }] },
    ]);
    expect(document.consul.management).toBe(tokens.management);
    expect(document.nomad.BootstrapSecret).toBe(uuidOf("nomad"));
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

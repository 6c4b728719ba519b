import * as fs from "node:fs";

import { enginePath } from "../../engines/find";
import { consulConfig } from "../../hosts/consul";
import { nomadConfig } from "../../hosts/nomad";
import type { HostSettings } from "../../hosts/settings";
import { consulInstance, nomadInstance, server, worker } from "../../hosts/test-settings";
import { renderBastionUserData, renderUserData } from "../../hosts/user-data";
import { cloudInitSchema, folderWith, judge, type Verdict } from "./programs";

const hosts: [string, HostSettings][] = [
  ["a server", server],
  ["a single server", { ...server, servers: 1 }],
  ["a worker", worker],
];

/** What a program says of a configuration folder as a host has it after its boot. */
function validate(program: "consul" | "nomad", agent: object): Verdict {
  const args = { consul: ["validate"], nomad: ["config", "validate"] }[program];
  const instance = { consul: consulInstance, nomad: nomadInstance }[program];
  const folder = folderWith({ "agent.json": JSON.stringify(agent), "instance.json": JSON.stringify(instance) });
  try {
    return judge(enginePath(program), [...args, folder]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const valid = { code: 0, output: expect.stringContaining("Configuration is valid!") };

describe("Consul", () => {
  it.each(hosts)("takes the configuration of %s", (_name, settings) => {
    expect(validate("consul", consulConfig(settings))).toEqual(valid);
  });

  it("refuses a key that it does not know", () => {
    const verdict = validate("consul", { ...consulConfig(worker), retry_joint: [] });
    expect(verdict).toEqual({ code: 1, output: expect.stringContaining("invalid config key retry_joint") });
  });
});

describe("Nomad", () => {
  it.each(hosts)("takes the configuration of %s", (_name, settings) => {
    expect(validate("nomad", nomadConfig(settings))).toEqual(valid);
  });

  it("refuses a port range that is none", () => {
    const config = nomadConfig(worker);
    const verdict = validate("nomad", { ...config, client: { ...config.client, min_dynamic_port: 32001 } });
    expect(verdict).toEqual({ code: 1, output: expect.stringContaining("min_dynamic_port") });
  });
});

describe("cloud-init of Debian 12", () => {
  it.each([
    ["a server", renderUserData(server)],
    ["a worker", renderUserData(worker)],
    ["the bastion", renderBastionUserData({ cluster: "cluster-dev", region: "eu-west-1" })],
  ])(
    "takes the user data of %s",
    async (_name, text) => {
      expect(await cloudInitSchema(text)).toEqual({ code: 0, output: expect.stringContaining("Valid cloud-config") });
    },
    180_000,
  );

  it("refuses a file without a path", async () => {
    const verdict = await cloudInitSchema("#cloud-config\nwrite_files: [{ content: no path }]\n");
    expect(verdict).toEqual({ code: 1, output: expect.stringContaining("'path' is a required property") });
  }, 180_000);
});

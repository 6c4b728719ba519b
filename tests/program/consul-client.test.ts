import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { enginePath } from "../../engines/find";
import { type ConsulStatus, readConsul } from "../../components/consul-client";
import { selfSigned } from "../certificates";

/** Ports that nobody listens on. All are held until all are known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

describe("readConsul", () => {
  const token = "11111111-2222-4333-8444-555555555555";
  const { folder, ...files } = selfSigned(["server.dc1.consul"]);
  const ca = readFileSync(files.ca_file, "utf8");
  let agent: ChildProcess;
  let address: string;
  let rpc: number;
  beforeAll(async () => {
    const [https, serf, server] = await freePorts(3);
    address = `https://127.0.0.1:${https}`;
    rpc = server!;
    const closed = ["dns", "grpc", "grpc-tls", "serf-wan"].map((name) => `-${name}-port=-1`);
    const file = path.join(folder, "agent.json");
    const acl = { enabled: true, default_policy: "deny", tokens: { initial_management: token } };
    writeFileSync(file, JSON.stringify({ acl, tls: { https: files } }));
    const open = [
      `-config-file=${file}`,
      "-http-port=-1",
      `-https-port=${https}`,
      `-serf-lan-port=${serf}`,
      `-server-port=${server}`,
    ];
    agent = spawn(enginePath("consul"), ["agent", "-dev", "-bind=127.0.0.1", ...open, ...closed], { stdio: "ignore" });
  });
  afterAll(async () => {
    await new Promise((resolve) => agent.once("exit", resolve).kill());
    rmSync(folder, { recursive: true });
  });

  it("reads the leader, the peers and the healthy servers of a real agent, once it has elected itself", async () => {
    let status: ConsulStatus | undefined;
    while (status === undefined || status.healthyServers === 0) {
      status = await readConsul({ address, ca, token }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(status).toEqual({ leader: `127.0.0.1:${rpc}`, peers: 1, healthyServers: 1 });
  }, 30_000);

  it("sees no server, and so never takes the cluster for ready, with a token that is not known", async () => {
    await expect(readConsul({ address, ca, token: token.replace(/1/g, "9") })).rejects.toThrow("ACL not found");
  });

  it("fails when nobody answers", async () => {
    await expect(readConsul({ address: "https://127.0.0.1:1", ca, token })).rejects.toThrow("127.0.0.1:1");
  });
});

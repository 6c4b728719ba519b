import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { enginePath } from "../../engines/find";
import { type ConsulStatus, readConsul } from "../../components/consul-client";

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
  let agent: ChildProcess;
  let address: string;
  let rpc: number;
  beforeAll(async () => {
    const [http, serf, server] = await freePorts(3);
    address = `http://127.0.0.1:${http}`;
    rpc = server!;
    const closed = ["dns", "grpc", "grpc-tls", "serf-wan"].map((name) => `-${name}-port=-1`);
    const open = [`-http-port=${http}`, `-serf-lan-port=${serf}`, `-server-port=${server}`];
    agent = spawn(enginePath("consul"), ["agent", "-dev", "-bind=127.0.0.1", ...open, ...closed], { stdio: "ignore" });
  });
  afterAll(() => new Promise((resolve) => agent.once("exit", resolve).kill()));

  it("reads the leader, the peers and the healthy servers of a real agent, once it has elected itself", async () => {
    let status: ConsulStatus | undefined;
    while (status === undefined || status.healthyServers === 0) {
      status = await readConsul(address).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(status).toEqual({ leader: `127.0.0.1:${rpc}`, peers: 1, healthyServers: 1 });
  }, 30_000);

  it("fails when nobody answers", async () => {
    await expect(readConsul("http://127.0.0.1:1")).rejects.toThrow("127.0.0.1:1");
  });
});

import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { selfSigned } from "../../tests/certificates";

/** The doors of Consul's and Nomad's servers, with nobody behind them: answers as those agents give them, made beforehand. */
export interface Agents {
  /** Both, as their paths differ or ask the same. */
  readonly address: string;
  /** PEM, of who signed its certificate. */
  readonly caFile: string;
  stop(): void;
}

/** As Nomad lists a worker that has but one driver. */
const worker = (address: string, index: number): object => ({
  Address: address,
  CreateIndex: 1_000 + index,
  Datacenter: "dc1",
  Drain: false,
  Drivers: {
    docker: {
      Attributes: {
        "driver.docker": "true",
        "driver.docker.bridge_ip": "172.17.0.1",
        "driver.docker.runtimes": "io.containerd.runc.v2,runc",
        "driver.docker.os_type": "linux",
        "driver.docker.version": "26.1.5",
      },
      Detected: true,
      HealthDescription: "Healthy",
      Healthy: true,
      UpdateTime: "2026-01-01T00:00:00.000000000Z",
    },
  },
  HostVolumes: null,
  ID: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
  LastDrain: null,
  ModifyIndex: 2_000 + index,
  Name: `worker-i-${String(index).padStart(17, "0")}`,
  NodeClass: "workers",
  NodePool: "default",
  SchedulingEligibility: "eligible",
  Status: "ready",
  StatusDescription: "",
  Version: "1.11.3",
});

/** Three servers, and workers at these addresses, all of them well. */
export async function startAgents(workers: readonly string[]): Promise<Agents> {
  const servers = [1, 2, 3].map((number) => `10.42.128.${number}:8300`);
  const answers = new Map<string, string>(
    Object.entries({
      "/v1/status/leader": servers[0],
      "/v1/status/peers": servers,
      "/v1/health/service/consul": servers.map((Node) => ({ Node })),
      "/v1/agent/members": { Members: servers.map((Name) => ({ Name, Status: "alive" })) },
      "/v1/nodes": workers.map(worker),
    }).map(([path, answer]) => [path, JSON.stringify(answer)]),
  );
  const { folder, ca_file: caFile, cert_file, key_file } = selfSigned();
  const server = createServer({ cert: readFileSync(cert_file), key: readFileSync(key_file) }, (request, response) =>
    response.setHeader("content-type", "application/json").end(answers.get(request.url!.split("?")[0]!)),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...{ address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, caFile },
    stop() {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

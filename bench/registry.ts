import { enginePath } from "../engines/find";
import { answered } from "./apps";
import { freePort, type Programs, type Running } from "./programs";

export interface Registration {
  readonly name: string;
  readonly id: string;
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  readonly tags?: readonly string[];
  /** A URL that is asked each second. Without it, it is always well. */
  readonly check?: string;
}

/** A Consul server of its own on loopback, with the DNS settings of the hosts (hosts/consul.ts). */
export interface Registry extends Running {
  /** `address:port`. */
  readonly dns: string;
  readonly http: string;
  register(service: Registration): Promise<void>;
  deregister(id: string): Promise<void>;
}

export async function startRegistry(programs: Programs): Promise<Registry> {
  const [http, dns, server, lan] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const settings = {
    ...{ bind_addr: "127.0.0.1", node_name: "bench", log_level: "warn" },
    ports: { http, dns, server, serf_lan: lan, serf_wan: -1, grpc: -1, grpc_tls: -1 },
    dns_config: { allow_stale: true, enable_truncate: true, only_passing: true },
    performance: { raft_multiplier: 1 },
    // So that a change is in the catalog when the call that made it returns.
    check_update_interval: "0s",
    disable_update_check: true,
  };
  const base = `http://127.0.0.1:${http}`;
  // A server is up when it is in its own catalog: only then DNS answers.
  const ready = async () => {
    if ((JSON.parse(await answered(`${base}/v1/catalog/nodes`)) as unknown[]).length === 0) throw new Error("no node");
  };
  const args = ["agent", "-dev", "-hcl", JSON.stringify(settings)];
  const running = await programs.start("consul", enginePath("consul"), args, { ready });
  const put = async (path: string, body?: object): Promise<void> => {
    const response = await fetch(base + path, { method: "PUT", body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  };
  return {
    ...running,
    ...{ dns: `127.0.0.1:${dns}`, http: base },
    register: ({ name, id, port, address = "127.0.0.1", tags = [], check }) =>
      put("/v1/agent/service/register", {
        ...{ Name: name, ID: id, Port: port, Address: address, Tags: tags },
        ...(check === undefined ? {} : { Check: { HTTP: check, Interval: "1s", Timeout: "1s", Status: "passing" } }),
      }),
    deregister: (id) => put(`/v1/agent/service/deregister/${id}`),
  };
}

import Consul from "consul";
import { type AgentAccess, REQUEST_TIMEOUT_MS } from "./agent-request";

/** What the readiness gate asks of Consul. The `consul` package is no longer maintained: nothing else imports it. */
export interface ConsulStatus {
  /** `address:port` of the Raft leader. */
  readonly leader: string | undefined;
  /** Servers in the Raft configuration. */
  readonly peers: number;
  /** Servers whose health checks pass. */
  readonly healthyServers: number;
}

/** Throws when the API does not answer within five seconds. */
export async function readConsul({ address, ca, token }: AgentAccess): Promise<ConsulStatus> {
  const url = new URL(address);
  const options = { host: url.hostname, port: Number(url.port || 443), secure: true, defaults: { token } };
  // The package's types leave out `ca` and `timeout`, which it honours.
  const client = new Consul({ ...options, ca, timeout: REQUEST_TIMEOUT_MS } as typeof options);
  try {
    const [leader, peers, servers] = await Promise.all([
      client.status.leader() as Promise<unknown>,
      client.status.peers() as Promise<unknown>,
      client.health.service({ service: "consul", passing: true }) as Promise<unknown>,
    ]);
    // A proxy in between may answer in Consul's stead.
    if (typeof leader !== "string" || !Array.isArray(peers) || !Array.isArray(servers))
      throw new Error(`unexpected answer from ${address}: ${String(leader)}`);
    return { leader: leader || undefined, peers: peers.length, healthyServers: servers.length };
  } finally {
    client.destroy();
  }
}

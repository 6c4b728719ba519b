import Consul from "consul";

/** What the readiness gate asks of Consul. The `consul` package is no longer maintained: nothing else imports it. */
export interface ConsulStatus {
  /** `address:port` of the Raft leader. */
  readonly leader: string | undefined;
  /** Servers in the Raft configuration. */
  readonly peers: number;
  /** Servers whose health checks pass. */
  readonly healthyServers: number;
}

const REQUEST_TIMEOUT_MS = 5_000;

/** Throws when the API does not answer within five seconds. */
export async function readConsul(address: string): Promise<ConsulStatus> {
  const url = new URL(address);
  const secure = url.protocol === "https:";
  const options = { host: url.hostname, port: Number(url.port || (secure ? 443 : 80)), secure };
  // The package's types leave out `timeout`, which it honours.
  const client = new Consul({ ...options, timeout: REQUEST_TIMEOUT_MS } as typeof options);
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

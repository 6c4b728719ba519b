/** What the readiness gate asks of Nomad. */
export interface NomadStatus {
  /** `address:port` of the Raft leader. */
  readonly leader: string | undefined;
  readonly aliveServers: number;
  /** Addresses of clients that are ready; one that an operator drains is ready all the same. */
  readonly readyWorkers: ReadonlySet<string>;
}

interface Member {
  readonly Status: string;
}

interface Node {
  readonly Address: string;
  readonly Status: string;
}

const REQUEST_TIMEOUT_MS = 5_000;

/** Throws when the API does not answer within five seconds, or has no leader to answer for it. */
export async function readNomad(address: string): Promise<NomadStatus> {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(new URL(path, address), { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.trim().slice(0, 200)}`);
    return JSON.parse(text) as T;
  };
  const leader = await get<string>("/v1/status/leader");
  const [{ Members }, nodes] = await Promise.all([
    get<{ readonly Members: readonly Member[] }>("/v1/agent/members"),
    get<readonly Node[]>("/v1/nodes"),
  ]);
  const ready = nodes.filter((node) => node.Status === "ready");
  return {
    leader: leader || undefined,
    aliveServers: Members.filter((member) => member.Status === "alive").length,
    readyWorkers: new Set(ready.map((node) => node.Address)),
  };
}

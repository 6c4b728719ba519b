import { type AgentAccess, askAgent } from "./agent-request";

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

/** Throws when the API does not answer within five seconds, or has no leader to answer for it. */
export async function readNomad(access: AgentAccess): Promise<NomadStatus> {
  const get = <T>(path: string): Promise<T> => askAgent<T>(access, { path, tokenHeader: "X-Nomad-Token" });
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

import { type AgentAccess, type AgentRequest, askAgent } from "./agent-request";

/** Programs of which every server runs one, each with a Raft of its own. */
export type RaftProgram = "consul" | "nomad";

/** A server as the autopilot of its Raft sees it. */
export interface RaftServer {
  readonly id: string;
  readonly name: string;
  readonly ip: string;
  /** It answers, and its log is as good as the leader's. */
  readonly healthy: boolean;
  readonly voter: boolean;
  readonly leader: boolean;
  /** Since when it has been healthy, or not, by the leader's clock. */
  readonly stableSince: string;
}

interface AutopilotHealth {
  readonly Servers: readonly {
    readonly ID: string;
    readonly Name: string;
    readonly Address: string;
    readonly Healthy: boolean;
    readonly Voter: boolean;
    readonly Leader: boolean;
    readonly StableSince: string;
  }[];
}

const TOKEN_HEADERS = { consul: "X-Consul-Token", nomad: "X-Nomad-Token" } as const;

const TRANSFERS = {
  consul: "/v1/operator/raft/transfer-leader",
  nomad: "/v1/operator/raft/transfer-leadership",
} as const;

function ask<T>(program: RaftProgram, access: AgentAccess, request: Omit<AgentRequest, "tokenHeader">): Promise<T> {
  return askAgent<T>(access, { ...request, tokenHeader: TOKEN_HEADERS[program] });
}

/** The servers that a program's leader knows. Throws when it has none. */
export async function readRaft(program: RaftProgram, access: AgentAccess): Promise<RaftServer[]> {
  // 429 says that a server is not healthy, and the answer which.
  const { Servers } = await ask<AutopilotHealth>(program, access, {
    path: "/v1/operator/autopilot/health",
    alsoGood: 429,
  });
  return Servers.map(({ ID, Name, Address, Healthy, Voter, Leader, StableSince }) => ({
    ...{ id: ID, name: Name, ip: Address.replace(/:\d+$/, "") },
    ...{ healthy: Healthy, voter: Voter, leader: Leader, stableSince: StableSince },
  }));
}

/** Has the present leader hand over to another server: an election takes moments then, and no time-out begins it. */
export async function handOver(program: RaftProgram, access: AgentAccess, to: RaftServer): Promise<void> {
  await ask(program, access, { method: "POST", path: `${TRANSFERS[program]}?id=${encodeURIComponent(to.id)}` });
}

import type { Host } from "./host-inventory";
import type { RaftProgram, RaftServer } from "./raft";
import { reasonOf } from "./reason";

/** A server as this run wants it. */
export interface WantedServer {
  /** Its tag `Name`. */
  readonly name: string;
  /** In base64, as EC2 keeps it. */
  readonly userData: string;
  readonly instanceType: string;
}

/** A server that exists, and what it was launched with. */
export type PresentServer = Host & Omit<WantedServer, "name">;

/** What each program's Raft says of its servers, or why it says nothing. */
export type RaftSighting = Readonly<Record<RaftProgram, readonly RaftServer[] | Error>>;

export const PROGRAMS = [
  ["consul", "Consul"],
  ["nomad", "Nomad"],
] as const;

export const serverAt = (ip: string, servers: readonly RaftServer[] | Error): RaftServer | Error | undefined =>
  servers instanceof Error ? servers : servers.find((server) => server.ip === ip);
export const serves = ({ healthy, voter }: RaftServer): boolean => healthy && voter;
export const majorityOf = (servers: number): number => Math.floor(servers / 2) + 1;

/** What speaks against taking the server with this address away now; nothing, when the others are a majority without it. */
export function whyNot(ip: string, seen: RaftSighting): string[] {
  return PROGRAMS.flatMap(([program, title]) => {
    const servers = seen[program];
    if (servers instanceof Error) return [`${title} does not answer (${reasonOf(servers)})`];
    const own = servers.find((server) => server.ip === ip);
    // What does not serve is missed by nobody.
    if (own === undefined || !serves(own)) return [];
    const others = servers.filter((server) => server !== own);
    const ill = others.filter((server) => !serves(server)).map((server) => `${server.name} (${server.ip})`);
    if (ill.length > 0) return [`${title} has no healthy voter in ${ill.join(" and ")}`];
    if (others.length < majorityOf(servers.length))
      return [
        `${title} would have ${others.length} of ${servers.length} voters, and ${majorityOf(servers.length)} are a majority`,
      ];
    return [];
  });
}

/** Names of the servers that are not as they are wanted, in the order in which they go: those that do not serve, then leaders last. */
export function rolloutOrder(
  wanted: readonly WantedServer[],
  present: readonly PresentServer[],
  seen: RaftSighting,
): string[] {
  const rank = ({ ip }: { readonly ip: string }): number => {
    const own = PROGRAMS.flatMap(([program]) => {
      const server = serverAt(ip, seen[program]);
      return server === undefined || server instanceof Error ? [] : [server];
    });
    if (own.length < PROGRAMS.length || !own.every(serves)) return 0;
    return own.some(({ leader }) => leader) ? 2 : 1;
  };
  return wanted
    .flatMap(({ name, userData, instanceType }) => {
      const server = present.find((each) => each.name === name);
      const isAsWanted = server?.userData === userData && server.instanceType === instanceType;
      return server === undefined || isAsWanted ? [] : [{ name, rank: rank({ ip: server.privateIp }) }];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name);
}

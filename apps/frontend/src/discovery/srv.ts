import { NODATA, NOTFOUND, promises as dns } from "node:dns";
import { authority, type Instance } from "./instance";

/** Asks for the instances of a DNS name. No instance is an empty answer; only a look-up that failed throws LookupError. */
export type Lookup = (name: string) => Promise<readonly Instance[]>;

/** DNS did not answer, or answered that it cannot: nothing is known about the instances. */
export class LookupError extends Error {
  override readonly name = "LookupError";
  constructor(
    readonly hostname: string,
    /** As Node has it, without its prefix E: TIMEOUT, SERVFAIL, CONNREFUSED, ... */
    readonly code: string,
  ) {
    super(`the look-up of ${hostname} failed: ${code}`);
  }
}

export interface SrvOptions {
  /** `address` or `address:port` of each name server. Default: those of /etc/resolv.conf. */
  readonly servers?: readonly string[];
  /** Patience for the first try in ms. With 2 tries a silent server costs three times as much in all. Default 500. */
  readonly timeoutMs?: number;
  /** Default 2. */
  readonly tries?: number;
}

/** Look-ups of SRV records, which unlike A records have the port that a scheduler chose. */
export function srvLookup({ servers = [], timeoutMs = 500, tries = 2 }: SrvOptions = {}): Lookup {
  // Not dns.lookup: that has no SRV, blocks a thread of four, and asks for as long as resolv.conf says.
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries });
  if (servers.length > 0) resolver.setServers(servers);

  async function addressesOf(target: string): Promise<readonly string[]> {
    return decodeTarget(target) ?? (await existing(target, resolver.resolve4(target)));
  }

  return async (name) => {
    const records = await existing(name, resolver.resolveSrv(name));
    const instances = await Promise.all(
      records.map(async (record) =>
        (await addressesOf(record.name)).map((address): Instance => ({ address, port: record.port })),
      ),
    );
    // Consul shuffles its answers; in an order of our own, equal answers look equal.
    const unique = new Map(instances.flat().map((instance) => [authority(instance), instance]));
    return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, instance]) => instance);
  };
}

/** What is not there is an answer (none); what could not be asked is a LookupError. */
async function existing<T>(hostname: string, answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "UNKNOWN";
    if (code === NOTFOUND || code === NODATA) return [];
    throw new LookupError(hostname, code.replace(/^E/, ""));
  }
}

/**
 * For a service with an address of its own Consul makes up a target that spells it in hex, `0a000105.addr.dc1.consul`;
 * reading it saves a second look-up. Undefined for any other target.
 */
export function decodeTarget(target: string): readonly string[] | undefined {
  const hex = /^([0-9a-f]{8}|[0-9a-f]{32})\.addr\./i.exec(target)?.[1];
  if (hex === undefined) return undefined;
  if (hex.length === 8) return [(hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16)).join(".")];
  return [(hex.match(/..../g) ?? []).join(":").toLowerCase()];
}

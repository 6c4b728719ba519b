import * as pulumi from "@pulumi/pulumi";
import { type BootProgress, describeHosts, isUp } from "./host-inventory";
import type { RaftProgram, RaftServer } from "./raft";
import { reasonOf } from "./reason";
import {
  majorityOf,
  type PresentServer,
  PROGRAMS,
  type RaftSighting,
  rolloutOrder,
  serverAt,
  serves,
  type WantedServer,
  whyNot,
} from "./server-order";
import { waitWhileMissing } from "./wait";

/** The doors to EC2 and to the servers. */
export interface RolloutAccess {
  /** The cluster's servers that exist. */
  list(): Promise<readonly PresentServer[]>;
  boot(id: string): Promise<BootProgress>;
  raft(): Promise<RaftSighting>;
  handOver(program: RaftProgram, to: RaftServer): Promise<void>;
  progress(message: string): void;
}

export interface ServerRolloutArgs {
  /** Servers that the stack wants. */
  readonly count: number;
  /** How long one server may wait for its turn. */
  readonly timeoutSeconds: number;
  readonly access: RolloutAccess;
  readonly pollMs?: number;
  readonly now?: () => number;
}

/** A server that was replaced. */
interface Successor {
  readonly id: string;
  readonly ip: string;
}

/** A successor that this run makes, once it is there. */
interface Made {
  readonly server: Promise<Successor>;
  readonly tell: (server: Successor) => void;
  readonly fail: (error: Error) => void;
}

/** In which order the stack's hosts become what is wanted of them. */
export interface Rollout {
  /** Resolves when the server may become what is wanted of it: at once, when it is that already or does not exist yet. */
  turn(server: WantedServer): Promise<void>;
  /** Tells that the server is there, with its disk and behind the load balancer. */
  made(name: string, server: Successor): void;
  /** Resolves when every server is as it is wanted and, where any was replaced, serves again: it is the workers' turn. */
  finished(): Promise<void>;
}

/** Does it all at once: for a preview, which changes nothing. */
export const atOnce: Rollout = {
  turn: () => Promise.resolve(),
  made: () => undefined,
  finished: () => Promise.resolve(),
};

/**
 * Has servers replaced one at a time. Whatever replaces an instance is decided by the engine, which knows nothing of quorums; so each server's
 * user data is held back until the others can do without it. At first there is nothing to lose, and all come at once.
 */
export class ServerRollout implements Rollout {
  readonly #args: ServerRolloutArgs;
  readonly #wanted: WantedServer[] = [];
  readonly #present: Promise<readonly PresentServer[]>;
  #list!: (servers: Promise<readonly PresentServer[]>) => void;
  readonly #order: Promise<readonly string[]>;
  readonly #made = new Map<string, Made>();
  /** Since when servers had served, by address, when their turn came: who has been away has another date. */
  readonly #servedSince = new Map<string, RaftSighting>();

  constructor(args: ServerRolloutArgs) {
    this.#args = args;
    this.#present = new Promise((resolve) => (this.#list = resolve));
    this.#order = this.#present.then((present) => this.#plan(present));
  }

  async turn(server: WantedServer): Promise<void> {
    this.#wanted.push(server);
    if (this.#wanted.length === this.#args.count) this.#list(this.#args.access.list());
    const order = await this.#order;
    const index = order.indexOf(server.name);
    if (index < 0) return;
    try {
      const earlier = await this.#successors(order.slice(0, index));
      await this.#untilSpared(server.name, earlier);
    } catch (error) {
      // Whoever waits for this one waits in vain.
      this.#madeOf(server.name).fail(
        new pulumi.RunError(`${server.name} was not replaced, and what comes after it is not either.`),
      );
      throw error;
    }
  }

  made(name: string, server: Successor): void {
    this.#madeOf(name).tell(server);
  }

  async finished(): Promise<void> {
    const order = await this.#order;
    if (order.length === 0) return;
    const made = await this.#successors(order);
    await this.#poll("the servers that were replaced", async () => this.#missing(made, await this.#args.access.raft()));
  }

  #madeOf(name: string): Made {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    let [tell, fail]: [Made["tell"], Made["fail"]] = [() => undefined, () => undefined];
    const server = new Promise<Successor>((resolve, reject) => ([tell, fail] = [resolve, reject]));
    // Nobody may be waiting.
    server.catch(() => undefined);
    const made = { server, tell, fail };
    this.#made.set(name, made);
    return made;
  }

  /** One after the other, each within the time for its turn and as much again for being made: a run that has failed says nothing more. */
  async #successors(names: readonly string[]): Promise<Successor[]> {
    const limit = 2 * this.#args.timeoutSeconds;
    const servers: Successor[] = [];
    for (const name of names) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        const fail = () =>
          reject(new pulumi.RunError(`${name} was not there ${limit} s after its turn could have begun.`));
        timer = setTimeout(fail, limit * 1_000);
      });
      servers.push(await Promise.race([this.#madeOf(name).server, late]).finally(() => clearTimeout(timer)));
    }
    return servers;
  }

  async #plan(present: readonly PresentServer[]): Promise<readonly string[]> {
    const { access } = this.#args;
    this.#refuseLostMajority(present);
    if (present.length === 0) return [];
    const order = rolloutOrder(this.#wanted, present, await access.raft());
    if (order.length > 0) access.progress(`Servers to replace, one at a time: ${order.join(", ")}`);
    return order;
  }

  /** Servers that are wanted no more are all deleted at the end of the run, at once. */
  #refuseLostMajority(present: readonly PresentServer[]): void {
    const up = present.filter(isUp);
    const kept = up.filter(({ name }) => this.#wanted.some((server) => server.name === name));
    if (kept.length === up.length || kept.length >= majorityOf(up.length)) return;
    throw new pulumi.RunError(
      `serverCount: expected to keep at least ${majorityOf(up.length)} of the ${up.length} servers that there are, got ${this.#args.count}: ` +
        "with fewer the cluster loses its leader and cannot be changed any more. Go down in steps that keep a majority.",
    );
  }

  async #untilSpared(name: string, earlier: readonly Successor[]): Promise<void> {
    const { access, count } = this.#args;
    const server = (await this.#present).find((each) => each.name === name)!;
    if ((await access.boot(server.id)).state === "booting") return;
    if (count === 1)
      return access.progress(`${name} is the only server: the cluster has none until its replacement is up`);
    await this.#poll(`${name}'s turn to be replaced`, async () => {
      const seen = await access.raft();
      const reasons = [...(await this.#missing(earlier, seen)), ...whyNot(server.privateIp, seen)];
      this.#servedSince.set(server.privateIp, seen);
      return reasons.length > 0 ? reasons : this.#giveUpLeadership(server.privateIp, earlier, seen);
    });
  }

  /** Hands what the server leads to another, one that has had its turn if there is one. */
  async #giveUpLeadership(ip: string, earlier: readonly Successor[], seen: RaftSighting): Promise<string[]> {
    const reasons: string[] = [];
    for (const [program, title] of PROGRAMS) {
      const servers = seen[program];
      if (servers instanceof Error || !servers.some((server) => server.leader && server.ip === ip)) continue;
      const others = servers.filter((server) => server.ip !== ip);
      const heir = others.find((server) => earlier.some((each) => each.ip === server.ip)) ?? others[0]!;
      reasons.push(`${title}'s leadership goes to ${heir.name}`);
      await this.#args.access.handOver(program, heir);
    }
    return reasons;
  }

  /**
   * Which successors do not serve yet. Each has the address of the server before it, in which Raft goes on believing for a while, or for good
   * when it was away for seconds only: so the host's own word counts, and where its console says nothing, that Raft has seen it come back.
   */
  async #missing(successors: readonly Successor[], seen: RaftSighting): Promise<string[]> {
    const reasons = successors.map(async ({ id, ip }) => {
      const { state, words } = await this.#args.access.boot(id);
      if (state === "booting") return [`${ip}: ${words}`];
      return PROGRAMS.flatMap(([program, title]) => {
        const own = serverAt(ip, seen[program]);
        if (own instanceof Error) return [`${title} does not answer (${reasonOf(own)})`];
        const before = serverAt(ip, this.#servedSince.get(ip)?.[program] ?? []);
        const isBack = state === "done" || before instanceof Error || own?.stableSince !== before?.stableSince;
        return own !== undefined && serves(own) && isBack ? [] : [`${title} has no healthy voter at ${ip} yet`];
      });
    });
    return (await Promise.all(reasons)).flat();
  }

  #poll(what: string, look: () => Promise<readonly string[]>): Promise<void> {
    const { access, timeoutSeconds, pollMs, now } = this.#args;
    return waitWhileMissing({
      ...{ what, timeoutSeconds, pollMs, now },
      look: () => look().catch((error: Error) => [reasonOf(error)]),
      failure: (reasons) => this.#refusal(what, reasons),
      progress: (message) => access.progress(message),
    });
  }

  async #refusal(what: string, reasons: string): Promise<string> {
    const { access, timeoutSeconds } = this.#args;
    const servers = await access.list().catch((): readonly PresentServer[] => []);
    const lines = await describeHosts(servers, async ({ id }) => (await access.boot(id)).words);
    return [
      `Gave up waiting for ${what} after ${timeoutSeconds} s, and left it as it is: ${reasons}.`,
      ...(lines.length === 0 ? [] : ["The servers:", ...lines]),
      "Taking a server away now could cost the cluster its leader. Bring the others back, then run `pulumi up` again. A server that " +
        "is beyond help is replaced without this wait when its instance is terminated first: `pulumi up --refresh`.",
    ].join("\n");
  }
}

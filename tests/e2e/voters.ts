import type { AgentApi } from "../../local/providers/agent";

interface Autopilot {
  /** Null from a leader that has not looked at anybody yet. */
  readonly Servers: readonly { readonly Healthy: boolean; readonly Voter: boolean; readonly Leader: boolean }[] | null;
}

/** How many servers a Raft's leader finds healthy, second by second, as far as there is an answer. */
export class Voters {
  readonly counts: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly api: AgentApi) {
    this.#timer = setInterval(() => void this.#look(), 1_000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // 429 says that a server is not healthy; the answer is the error's text then.
    const text = await this.api.get<Autopilot>("/v1/operator/autopilot/health").then(JSON.stringify, String);
    const from = text.indexOf("{");
    if (from < 0) return;
    const { Servers } = JSON.parse(text.slice(from)) as Autopilot;
    // Nor has one that does not find itself healthy.
    if (!Servers?.some(({ Leader, Healthy }) => Leader && Healthy)) return;
    this.counts.push(Servers.filter(({ Healthy, Voter }) => Healthy && Voter).length);
  }
}

import { TICKS } from "../programs";

/** What a part of a host's system has used. */
export interface Usage {
  /** CPU, in seconds since the host began. */
  readonly cpu: number;
  /** In MB: what its processes have of their own, and once the largest part that they have of files, which for most is one program's text. */
  readonly memory: number;
}

/**
 * `helpers` are processes that Nomad's agent starts beside each task, for its log above all. `own` is what this project has on a host besides
 * the agents: its services and what its timers start.
 */
export const PARTS = ["consul", "nomad", "helpers", "docker", "own"] as const;
export type Part = (typeof PARTS)[number];

/** Prints what {@link usageOf} reads. A process may end meanwhile, of which grep complains. */
export const PROCESSES =
  "{ grep -H '' /proc/[0-9]*/stat /proc/[0-9]*/cgroup; grep -HE '^Rss(Anon|File):' /proc/[0-9]*/status; } 2>/dev/null || true";

const partOf = (unit: string): Part | undefined => {
  if (/^(consul|nomad)\.service$/.test(unit)) return unit.replace(".service", "") as Part;
  if (/^(docker|containerd)\.service$/.test(unit)) return "docker";
  return unit.startsWith("cluster-") ? "own" : undefined;
};

interface Process {
  part?: Part;
  /** Started by the init system, as a unit's first process is. */
  isFirst?: boolean;
  /** It runs in a container of the host's, whoever has started that. */
  isTask?: boolean;
  /** Its own, and of its children that have ended. */
  ticks: number;
  /** Of its children that have ended. */
  ended: number;
  anonymousKb: number;
  fileKb: number;
}

/**
 * What parts of a host have used. Processes are told apart by the systemd unit in whose control group they are, under either version of these; what a
 * timer has started and has ended is known to process 1 alone, which counts it: proc(5), `cutime` and `cstime`.
 */
export function usageOf(text: string): Readonly<Record<Part, Usage>> {
  const processes = new Map<string, Process>();
  for (const [, id, file, value] of text.matchAll(/^\/proc\/(\d+)\/(stat|cgroup|status):(.*)$/gm)) {
    const found = processes.get(id!) ?? { ticks: 0, ended: 0, anonymousKb: 0, fileKb: 0 };
    processes.set(id!, found);
    if (file === "stat") {
      // What stands before the last parenthesis is the program's name, which may hold blanks.
      const fields = value!.split(") ").at(-1)!.split(" ");
      const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
      found.isFirst = fields[1] === "1";
      found.ended = childrenUser! + childrenSystem!;
      found.ticks = user! + system! + found.ended;
    } else if (file === "cgroup") {
      if (/\/docker[/-][0-9a-f]{64}(\.scope)?$/.test(value!)) found.isTask = true;
      found.part ??= partOf(/\/system\.slice\/([^/]+\.service)/.exec(value!)?.[1] ?? "");
    } else {
      const kb = Number(/(\d+) kB$/.exec(value!)![1]);
      if (value!.startsWith("RssAnon")) found.anonymousKb = kb;
      else found.fileKb = kb;
    }
  }
  for (const each of processes.values()) if (each.part === "nomad" && each.isFirst === false) each.part = "helpers";
  const usage = (part: Part): Usage => {
    const of = [...processes.values()].filter((each) => each.part === part && !each.isTask);
    const sum = (key: "ticks" | "anonymousKb") => of.reduce((total, each) => total + each[key], 0);
    const started = part === "own" ? (processes.get("1")?.ended ?? 0) : 0;
    // The helpers' is the agent's.
    const textKb = part === "helpers" ? 0 : Math.max(0, ...of.map(({ fileKb }) => fileKb));
    return { cpu: (sum("ticks") + started) / TICKS, memory: (sum("anonymousKb") + textKb) / 1024 };
  };
  return Object.fromEntries(PARTS.map((part) => [part, usage(part)])) as Readonly<Record<Part, Usage>>;
}

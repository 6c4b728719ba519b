import { hosts, operator } from "./cluster-view";
import { type Observation, PortScan, type Source, spans, type Target } from "./port-scan";
import { onHost, STACK, succeed } from "./support";

type Role = "server" | "worker" | "bastion" | "edge" | "api" | "outside";
type Table = Readonly<Record<string, Partial<Readonly<Record<Role, readonly string[]>>>>>;

/** What a role lets through, by whom it comes from; the same as docs/ports.md, written out once more on purpose. */
const TABLE: Table = {
  server: {
    server: [...["tcp 4647", "tcp 4648", "tcp 8300", "tcp 8301", "tcp 8302"], ...["udp 4648", "udp 8301", "udp 8302"]],
    worker: ["tcp 4647", "tcp 8300", "tcp 8301", "udp 8301"],
    api: ["tcp 4646", "tcp 8501"],
  },
  worker: {
    server: ["tcp 8301", "udp 8301"],
    worker: ["tcp 20000-32000", "tcp 8301", "udp 8301"],
    edge: ["tcp 8080", "tcp 8081"],
  },
  bastion: {},
  edge: { outside: ["tcp 80"] },
  api: { outside: ["tcp 4646", "tcp 8501"] },
};

/** Where a host listens beside loopback: protocol, address and port, program. `own` is the host's address in the VPC. */
const LISTENERS: Readonly<Record<"server" | "worker" | "bastion", readonly string[]>> = {
  server: [
    ...["tcp *:4646 nomad", "tcp *:4647 nomad", "tcp *:4648 nomad", "udp *:4648 nomad"],
    ...["tcp own:8300 consul", "tcp own:8301 consul", "tcp own:8302 consul", "tcp own:8501 consul"],
    ...["udp own:8301 consul", "udp own:8302 consul"],
    ...["tcp 169.254.1.1:53 consul", "udp 169.254.1.1:53 consul"],
  ],
  // And the ports of its tasks, which Nomad publishes over both protocols.
  worker: [
    ...["tcp *:8080 traefik", "tcp *:8081 traefik"],
    ...["tcp own:8301 consul", "udp own:8301 consul"],
    ...["tcp 169.254.1.1:53 consul", "udp 169.254.1.1:53 consul"],
  ],
  bastion: [],
};

/** Five million packets: a minute or two, several on a machine that is busy with other things. */
const SCAN_TIMEOUT_MS = 900_000;

interface Place extends Target {
  readonly role: Role;
}

/** To a host, the machine itself is the VPC's router. */
async function outside({ container }: Place): Promise<Source & { readonly role: Role }> {
  return { role: "outside", address: await inNetwork(container, "Gateway") };
}

async function inNetwork(container: string, field: "IPAddress" | "Gateway"): Promise<string> {
  const format = `{{range .NetworkSettings.Networks}}{{.${field}}}{{end}}`;
  return (await succeed("docker", ["inspect", "--format", format, container])).trim();
}

async function balancer(role: "edge" | "api"): Promise<Place> {
  const filters = ["--filter", `label=cluster.local=${STACK}`, "--filter", `name=^${STACK}-elb-${role}-`];
  const container = (await succeed("docker", ["ps", "--quiet", ...filters])).trim();
  return { role, name: `load balancer ${role}`, container, address: await inNetwork(container, "IPAddress") };
}

async function hostsOf(role: "server" | "worker" | "bastion"): Promise<Place[]> {
  return (await hosts(role)).map(({ name, container, address }) => ({
    role,
    name: `${name} at ${address}`,
    container,
    address,
  }));
}

/** Observations as `{ target: { source: ["tcp 22"] } }`, without sources that get nowhere. */
function byTarget(observations: readonly Observation[], ports: (seen: Observation) => readonly number[]): Table {
  const found: Record<string, Record<string, string[]>> = {};
  for (const seen of observations) {
    const row = (found[seen.to.name] ??= {});
    const lines = spans(ports(seen)).map((each) => `${seen.protocol} ${each}`);
    if (lines.length > 0) row[seen.from.role] = [...(row[seen.from.role] ?? []), ...lines].sort();
  }
  return found;
}

/** Dynamic ports that Nomad gave to tasks which run, by the address of their worker. */
async function taskPorts(): Promise<Map<string, number[]>> {
  const { nomad } = await operator();
  const allocations = await nomad.get<Allocation[]>("/v1/allocations", { resources: true });
  const ports = new Map<string, number[]>();
  for (const { ClientStatus, AllocatedResources } of allocations) {
    if (ClientStatus !== "running") continue;
    for (const { HostIP, Value } of AllocatedResources.Shared.Ports ?? []) {
      // Traefik's ports are static, and in the table.
      if (Value >= 20_000) ports.set(HostIP, [...(ports.get(HostIP) ?? []), Value]);
    }
  }
  return ports;
}

interface Allocation {
  readonly ClientStatus: string;
  readonly AllocatedResources: { readonly Shared: { readonly Ports?: { HostIP: string; Value: number }[] } };
}

/** A line of `ss`, in the words of {@link LISTENERS}; nothing for one on loopback. */
function listener(line: string, ownAddress: string): string[] {
  const [protocol, , , , local, , users] = line.trim().split(/\s+/);
  if (local === undefined || /^(127\.|\[::1\])/.test(local)) return [];
  const address = local.startsWith(`${ownAddress}:`) ? local.replace(ownAddress, "own") : local;
  return [`${protocol} ${address} ${/"(.+?)"/.exec(users ?? "")?.[1]}`];
}

const mapValues = <T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

describe("the ports", () => {
  const scan = new PortScan();
  let places: Place[];
  let seen: Observation[];
  let tasks: ReadonlyMap<string, readonly number[]>;

  beforeAll(async () => {
    places = [
      ...(await hostsOf("server")),
      ...(await hostsOf("worker")),
      ...(await hostsOf("bastion")),
      await balancer("edge"),
      await balancer("api"),
    ];
    await scan.start(places.map(({ container }) => container));
    const sources = [await outside(places[0]!), ...places];
    const roles = [...new Set(sources.map(({ role }) => role))];
    seen = await scan.scanAll(places, (to) =>
      // One of each role, and never the target itself. Load balancers are no hosts: their listeners are for the outside.
      (to.role === "edge" || to.role === "api" ? (["outside"] as const) : roles).flatMap(
        (role) => sources.find((each) => each.role === role && each.container !== to.container) ?? [],
      ),
    );
    tasks = await taskPorts();
  }, SCAN_TIMEOUT_MS);
  afterAll(() => scan.stop());

  it("that get past the packet filters are those of the table: from every role, and from outside", () => {
    const expected = places.map(({ name, role }) => [name, TABLE[role]]);
    expect(byTarget(seen, ({ passed }) => passed)).toEqual(Object.fromEntries(expected));
  });

  it("that accept connections are those of the table, and of the range for tasks those that Nomad gave to tasks", () => {
    const opened = (lines: readonly string[], own: readonly number[]) =>
      lines
        .filter((line) => line.startsWith("tcp"))
        .flatMap((line) => (line === "tcp 20000-32000" ? own.map((port) => `tcp ${port}`) : [line]))
        .sort();
    const expected = places.map(({ name, role, address }) => [
      name,
      mapValues(TABLE[role]!, (lines) => opened(lines, tasks.get(address) ?? [])),
    ]);
    expect([...tasks.keys()].sort()).toEqual(
      places.flatMap((each) => (each.role === "worker" ? each.address : [])).sort(),
    );
    expect(byTarget(seen, ({ open }) => open)).toEqual(Object.fromEntries(expected));
  });

  it("that a host listens on, beside loopback, are those of its role and its tasks", async () => {
    const found: Record<string, string[]> = {};
    const expected: Record<string, string[]> = {};
    for (const { name, role, container, address } of places) {
      if (!(role in LISTENERS)) continue;
      const listening = await onHost(container, "ss --no-header --listening --tcp --udp --numeric --processes");
      found[name] = listening
        .split("\n")
        .flatMap((line) => listener(line, address))
        .sort();
      const published = (tasks.get(address) ?? []).flatMap((port) =>
        ["tcp", "udp"].map((protocol) => `${protocol} own:${port} docker-proxy`),
      );
      expected[name] = [...LISTENERS[role as keyof typeof LISTENERS], ...published].sort();
    }
    expect(found).toEqual(expected);
  });
});

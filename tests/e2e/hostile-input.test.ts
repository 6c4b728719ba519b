import net from "node:net";
import { mangledBytes, randomNumbers, randomRequest } from "../../apps/frontend/test/random-requests";
import { exchange } from "../../apps/frontend/test/talk";
import type { AgentApi } from "../../local/providers/agent";
import { type Host, hosts, operator, page } from "./cluster-view";
import { excessive, get, malformed, methods, paths, smuggling } from "./hostile-requests";
import { eventually, onHost } from "./support";

const SEED = 20_261_123;
/** In the paths that are looked for in logs, which may be those of several runs. */
const RUN = Date.now().toString(36);
const GREETING = "Hello from the backend on one machine";

/** Everything that an answer's headers may be. None names a program, a host or a path of ours. */
const HEADERS = [
  ...["allow", "cache-control", "connection", "content-length", "content-security-policy", "content-type"],
  ...["cross-origin-opener-policy", "cross-origin-resource-policy", "date", "permissions-policy", "referrer-policy"],
  ...["retry-after", "strict-transport-security", "x-content-type-options", "x-frame-options", "x-request-id"],
];
/** A stack, a file, an error's code, a program's name or version, an address inside: the page alone shows some of these. */
const INSIDE =
  /\n {4}at |goroutine|node_modules|\.[jt]s:\d|\b(ERR|FST|HPE)_|\b\w+\/\d+\.\d+\.\d+|traefik|haproxy|fastify|node\.?js|nomad|consul|\b(10|127|169|172)(\.\d+){3}/i;

/** The page behind the load balancer, as whoever writes bytes to its port reaches it. */
describe("hostile input", () => {
  let host: string;
  let url: string;
  let nomad: AgentApi;
  let workers: Host[];
  let before: unknown;

  /** All answers on a connection of its own, each from its status line on. */
  async function answers(bytes: string): Promise<string[]> {
    const text = (await exchange(80, bytes, { end: true, host })).toString("latin1");
    return text.split(/(?=^HTTP\/1\.\d \d{3} )/m).filter((answer) => answer !== "");
  }

  const statuses = (all: readonly string[]) => all.map((answer) => Number(/^HTTP\/1\.\d (\d{3}) /.exec(answer)?.[1]));

  /** Asks, and holds each answer to what no answer may show; a 200 is the page, or has nothing to show. */
  async function ask(bytes: string): Promise<number[]> {
    const all = await answers(bytes);
    for (const answer of all) {
      const head = answer.slice(0, answer.indexOf("\r\n\r\n"));
      const names = head
        .split("\r\n")
        .slice(1)
        .map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
      expect(names.filter((name) => !HEADERS.includes(name))).toEqual([]);
      expect(answer.includes(GREETING) ? head : answer).not.toMatch(INSIDE);
    }
    return statuses(all);
  }

  /** What Nomad has placed, and how often it had to start it. */
  const placed = async () =>
    (
      await nomad.get<
        { ID: string; ClientStatus: string; TaskStates: Record<string, { Restarts: number; Failed: boolean }> }[]
      >("/v1/allocations")
    )
      .map(({ ID, ClientStatus, TaskStates }) => [
        ID,
        ClientStatus,
        ...Object.entries(TaskStates ?? {}).map(([task, { Restarts, Failed }]) => ({ task, Restarts, Failed })),
      ])
      .sort();

  /** Lines of the logs of a task's instances that contain a text. */
  async function logged(task: string, text: string): Promise<Record<string, any>[]> {
    const command = `docker ps --quiet --filter name=^${task}- | xargs --max-args 1 docker logs 2>&1 | grep --fixed-strings '${text}' || true`;
    const found = await Promise.all(workers.map(({ container }) => onHost(container, command)));
    return found
      .join("")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, any>);
  }

  beforeAll(async () => {
    ({ url, nomad } = await operator());
    host = new URL(url).hostname;
    workers = await hosts("worker");
    before = await placed();
  });

  describe("whose end two servers could see in different places", () => {
    const hidden = (name: string | number) => `/hidden-${RUN}-${name}.`;
    const answered: string[] = [];

    it.each(smuggling.map(([name, bytes, expected], i) => [name, bytes, expected, hidden(i)] as const))(
      "is read in one way: %s",
      async (_name, bytes, expected, path) => {
        const got = await ask(bytes(get(path)));
        expect(got).toEqual(expected.slice(0, Math.max(1, got.length)));
        if (got.length === 2) answered.push(path);
      },
    );

    it("brings to Traefik and to the app as many requests as were answered, and no other", async () => {
      const last = hidden("last");
      expect(await ask(get(last))).toEqual([404]);
      await eventually("the last request in the logs", 10, async () => {
        for (const task of ["traefik", "frontend"]) expect(await logged(task, last)).toHaveLength(1);
      });
      const atTraefik = (await logged("traefik", hidden("").slice(0, -1))).map(({ RequestPath }) => RequestPath);
      const atApp = (await logged("frontend", hidden("").slice(0, -1))).flatMap(({ req }) => (req ? [req.url] : []));
      expect(atTraefik.sort()).toEqual([...answered, last].sort());
      expect(atApp.sort()).toEqual([...answered, last].sort());
      // How many depends on whether the first answer's end or the second request comes first.
      expect(answered).not.toEqual([]);
    });
  });

  describe("that is not as the protocol has it", () => {
    it.each(malformed)("is refused, or understood: %s", async (_name, bytes, expected) =>
      expect(await ask(bytes)).toEqual(expected),
    );
  });

  describe("that is too much", () => {
    it.each(excessive)("is refused by whom it is too much for: %s", async (_name, bytes, expected) =>
      expect(await ask(bytes)).toEqual(expected),
    );
  });

  describe("that asks for what is not a page", () => {
    it.each(paths)("finds nothing behind it: %s", async (_path, bytes, expected) =>
      expect(await ask(bytes)).toEqual(expected),
    );

    it.each(methods)("does nothing: %s", async (_method, bytes, expected) =>
      expect(await ask(bytes)).toEqual(expected),
    );
  });

  describe("that says where it comes from", () => {
    const spoofed = "192.0.2.7";

    it.each([
      ["a header that is believed", `X-Forwarded-For: ${spoofed}\r\n`],
      ["a header that the connection is to swallow", "Connection: X-Forwarded-For, X-Forwarded-Proto, Host\r\n"],
      [
        "headers that nobody knows",
        `Forwarded: for=${spoofed}\r\nX-Real-Ip: ${spoofed}\r\nTrue-Client-Ip: ${spoofed}\r\n`,
      ],
      ["another place", "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n"],
    ])("gets no further than the log: %s", async (name, headers) => {
      const path = `/spoofed-${RUN}-${name.replaceAll(" ", "-")}.`;
      expect(await ask(get(path, headers))).toEqual([404]);
      const [seen, reached] = await eventually("the request in the logs", 10, async () => {
        const lines = [...(await logged("traefik", path)), ...(await logged("frontend", path))];
        expect(lines).toHaveLength(2);
        return lines as [Record<string, any>, Record<string, any>];
      });
      // The load balancer's word comes last; what was said before stands before it, as said.
      const [from, ...more] = seen.ClientHost.split(", ").reverse();
      expect(from).toMatch(/^10\./);
      expect(more).toEqual(headers.startsWith("X-Forwarded-For") ? [spoofed] : []);
      expect(seen).toMatchObject({ RequestAddr: "a", RequestScheme: "http" });
      expect(reached.req).toMatchObject({ host: "a", remoteAddress: expect.stringMatching(/^10\./) });
    });
  });

  it("that comes very slowly keeps nobody else waiting, and a body is not waited for longer than 15 s", async () => {
    const slow = (bytes: string) => {
      const socket = net.connect(80, host).on("error", () => undefined);
      socket.write(bytes);
      return socket;
    };
    const started = Date.now();
    const headers = Array.from({ length: 200 }, () => slow("GET / HTTP/1.1\r\nHost: a\r\nX-Any: "));
    const bodies = Array.from({ length: 100 }, () => slow("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"));
    const drip = setInterval(() => [...headers, ...bodies].forEach((socket) => socket.write("a")), 1000);
    try {
      const told = bodies.map(
        (socket) =>
          new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(String(chunk).slice(0, 12)))),
      );
      for (let visitor = 0; visitor < 10; visitor++) expect((await page(url, 2)).status).toBe(200);
      expect(new Set(await Promise.all(told))).toEqual(new Set(["HTTP/1.1 405"]));
      expect(Date.now() - started).toBeLessThan(20_000);
      expect(headers.filter(({ destroyed }) => destroyed)).toEqual([]);
    } finally {
      clearInterval(drip);
      for (const socket of [...headers, ...bodies]) socket.destroy();
    }
  }, 40_000);

  it(`that is random is answered, and never by an error of ours: 1,000 requests from seed ${SEED}`, async () => {
    const random = randomNumbers(SEED);
    const counts: Record<number, number> = {};
    for (let i = 0; i < 100; i++) {
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          const bytes = mangledBytes(randomRequest(random), random);
          const got = await ask(bytes);
          expect([bytes, got.filter((status) => status !== 200 && (status < 400 || status > 499))]).toEqual([
            bytes,
            [],
          ]);
          for (const status of got) counts[status] = (counts[status] ?? 0) + 1;
        }),
      );
    }
    console.info(`answers by status: ${JSON.stringify(counts)}`);
    expect(Object.keys(counts)).toEqual(expect.arrayContaining(["200", "400", "404", "405"]));
  });

  it("leaves the cluster as it was: the same instances, none started again, and the page served", async () => {
    expect(await placed()).toEqual(before);
    const { status, text } = await page(url);
    expect(status).toBe(200);
    expect(text).toContain(GREETING);
  });
});

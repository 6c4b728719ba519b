import { truncateSync } from "node:fs";
import { answered, buildApps, startApp } from "../apps";
import type { Spec } from "../chart";
import { startBalancer } from "../edge/balancer";
import { frontendJob, traefikJob } from "../edge/job";
import { startHaproxy, startNginx } from "../edge/others";
import { type Proxy, startTraefik } from "../edge/traefik";
import { startUpstream } from "../edge/upstream";
import { ensurePrograms, ensureWrk, load } from "../load";
import type { Answer, Bench, Line, Question } from "../question";
import { type Registry, startRegistry } from "../registry";
import { alternate, exactly, figure, ratio, type Sample, type Samples, type Variant } from "../sampling";

const DIRECT = "directly";
const TRAEFIK = "Traefik";
const BALANCER = "ELB-equivalent and Traefik";
const NGINX = "nginx";
const HAPROXY = "HAProxy";

/** A way to the same upstream. */
interface Way {
  readonly name: string;
  readonly url: string;
  /** What is counted as its CPU: the last proxy that was put in front. */
  readonly proxy?: Proxy;
}

/** All that one visitor after the other, and 32 at a time, get of a way. CPU is in seconds per 1,000 requests. */
async function measureWay({ url, proxy }: Omit<Way, "name">, seconds: number): Promise<Sample> {
  const before = proxy?.cpu() ?? 0;
  const busy = await load({ url: `${url}/`, seconds });
  const cpu = ((proxy?.cpu() ?? 0) - before) / (busy.requests / 1000);
  const quiet = await load({ url: `${url}/`, seconds: Math.max(1, Math.round(seconds / 4)), connections: 1 });
  if (proxy !== undefined) truncateSync(proxy.log);
  return {
    ...{ perSecond: busy.requestsPerSecond, p99: busy.p99Ms, cpu },
    ...{ quietP50: quiet.p50Ms, quietP99: quiet.p99Ms, failed: busy.failed + quiet.failed },
  };
}

const variant = (way: Way, seconds: number): Variant => ({ name: way.name, measure: () => measureWay(way, seconds) });

/** Registers instances as the frontend's job does, and measures all ways to them. */
async function measureAll(bench: Bench, registry: Registry, ports: readonly number[]): Promise<Samples> {
  const { programs, seconds, rounds, say } = bench;
  const { tags } = frontendJob();
  const url = `http://127.0.0.1:${ports[0]}`;
  for (const port of ports) {
    await registry.register({
      name: "frontend",
      id: `frontend-${port}`,
      port,
      tags,
      check: `http://127.0.0.1:${port}/health/ready`,
    });
  }
  const traefik = await startTraefik(programs, traefikJob(), registry);
  const balancer = await startBalancer(programs, traefik);
  const nginx = await startNginx(programs, ports);
  const haproxy = await startHaproxy(programs, registry);
  const ways: readonly Way[] = [
    { name: DIRECT, url },
    { name: TRAEFIK, url: traefik.url, proxy: traefik },
    { name: BALANCER, url: balancer.url, proxy: balancer },
    { name: NGINX, url: nginx.url, proxy: nginx },
    { name: HAPROXY, url: haproxy.url, proxy: haproxy },
  ];
  const samples = await alternate(
    ways.map((way) => variant(way, seconds)),
    { rounds, say },
  );
  await Promise.all([balancer, traefik, nginx, haproxy].map((proxy) => proxy.stop()));
  for (const port of ports) await registry.deregister(`frontend-${port}`);
  return samples;
}

function linesOfFrontend(samples: Samples): Line[] {
  const through = [TRAEFIK, BALANCER, NGINX, HAPROXY];
  const against = (way: string, what: string, name: string): Line => ({
    what: `${what}, through ${way} against the frontend directly`,
    ...{ value: ratio(samples, way, DIRECT, name), unit: "x" },
  });
  return [
    ...through.map((way) => against(way, "requests a second", "perSecond")),
    ...through.map((way) => against(way, "p50 of one visitor at a time", "quietP50")),
    ...through.map((way) => against(way, "p99 of one visitor at a time", "quietP99")),
    ...through.map((way) => against(way, "p99 of 32 visitors at a time", "p99")),
  ];
}

function linesOfProxies(samples: Samples): Line[] {
  const others = [NGINX, HAPROXY];
  const against = (other: string, what: string, name: string): Line => ({
    what: `${what}, Traefik against ${other}, upstream that costs nothing`,
    ...{ value: ratio(samples, TRAEFIK, other, name), unit: "x" },
  });
  const shares = [TRAEFIK, BALANCER, NGINX, HAPROXY].map((way): Line => ({
    what: `CPU of 1,000 requests, ${way === BALANCER ? "ELB-equivalent alone" : way}`,
    ...{ value: figure(samples, way, "cpu"), unit: "s" },
  }));
  return [
    ...others.map((other) => against(other, "requests a second", "perSecond")),
    ...others.map((other) => against(other, "p50 of one visitor at a time", "quietP50")),
    ...others.map((other) => against(other, "p99 of 32 visitors at a time", "p99")),
    ...others.map((other) => against(other, "CPU of a request", "cpu")),
    ...shares,
  ];
}

/** Its note says which way they went. */
function failures(upstream: string, samples: Samples): Line {
  const counts = [...samples].map(([way, all]) => ({
    way,
    failed: all.reduce((sum, each) => sum + each["failed"]!, 0),
  }));
  return {
    what: `requests that failed, ${upstream}`,
    value: exactly(counts.reduce((sum, { failed }) => sum + failed, 0)),
    ...{ unit: "", goal: { limit: 0 } },
    note: counts.flatMap(({ way, failed }) => (failed === 0 ? [] : [`${way} ${failed}`])).join(", "),
  };
}

function chart(apps: Samples, bare: Samples): Spec {
  const values = [
    ...rows(apps, "the frontend behind it", [TRAEFIK, BALANCER, NGINX, HAPROXY]),
    ...rows(bare, "an upstream that costs nothing", [TRAEFIK, BALANCER, NGINX, HAPROXY]),
  ];
  return {
    title: "What a proxy leaves of the requests a second that its upstream answers directly",
    background: "white",
    ...{ width: 300, height: { step: 24 }, data: { values } },
    mark: "bar",
    encoding: {
      row: { field: "upstream", title: null, header: { labelAngle: 0, labelAlign: "left", labelOrient: "top" } },
      y: { field: "way", title: null, sort: null },
      x: { field: "share", type: "quantitative", title: "share of direct", axis: { format: "%" } },
      color: { field: "way", legend: null, sort: null },
    },
  };
}

const rows = (samples: Samples, upstream: string, ways: readonly string[]) =>
  ways.map((way) => ({ way, upstream, share: ratio(samples, way, DIRECT, "perSecond").median }));

/** What a request costs between the frontend and whoever asks. */
export const edge: Question = {
  name: "edge",
  title: "What does the edge cost?",
  async ask(bench): Promise<Answer> {
    const { programs, say } = bench;
    await ensureWrk(say);
    await ensurePrograms(["nginx", "haproxy"], say);
    await buildApps();
    const registry = await startRegistry(programs);
    for (const name of ["backend-1", "backend-2"]) {
      const { port, url } = await startApp(programs, "backend", { name });
      await registry.register({ name: "backend", id: name, port, check: `${url}/health/ready` });
    }
    const frontend = await startApp(programs, "frontend", { env: { DNS_SERVERS: registry.dns } });
    say("one frontend and two backends behind each way");
    const apps = await measureAll(bench, registry, [frontend.port]);
    const page = await answered(`${frontend.url}/`);
    await frontend.stop();
    say("two instances of an upstream that costs nothing behind each way");
    const upstream = await startUpstream(programs, 2, page);
    const bare = await measureAll(bench, registry, upstream.ports);
    const failed = [failures("the frontend behind all ways", apps), failures("upstream that costs nothing", bare)];
    return {
      lines: [...linesOfFrontend(apps), ...linesOfProxies(bare), ...failed],
      charts: [{ file: "edge", spec: chart(apps, bare) }],
      notes: [
        "Traefik has the arguments of its job, and finds the frontend by the tags of its job. The ELB-equivalent is HAProxy as the local cloud runs it.",
        "nginx and HAProxy do the same: route, choice of the less busy of two, attempts, time limits, headers, fields of the access log.",
        "HAProxy reads its servers from Consul DNS and checks them actively. nginx without its commercial edition can do neither: it is given addresses.",
        "Of the four only Traefik and HAProxy count requests for metrics. Access logs go to files: what Docker's log driver adds on a host is not in these figures.",
      ],
    };
  },
};

import { setTimeout as sleep } from "node:timers/promises";
import { srvLookup } from "../../apps/frontend/src/discovery/srv";
import { answered } from "../apps";
import { frontendJob, traefikJob } from "../edge/job";
import { startTraefik, type Traefik } from "../edge/traefik";
import { type Many, startMany } from "../many";
import type { Bench } from "../question";
import { type Registry, startRegistry } from "../registry";
import type { Sample } from "../sampling";

/** What is registered: so many services that Traefik publishes, each with so many instances. */
export interface Layout {
  readonly name: string;
  readonly services: number;
  readonly each: number;
  /** Default: those of the frontend's tags. */
  readonly healthChecks?: "none";
}

/** The tags of the frontend's job for a service of another name, under a path of its own. */
export function tagsFor(name: string, { healthChecks }: Pick<Layout, "healthChecks">): string[] {
  return frontendJob()
    .tags.filter((tag) => healthChecks !== "none" || !tag.includes("healthcheck"))
    .map((tag) => tag.replaceAll("frontend", name).replace("PathPrefix(`/`)", `PathPrefix(\`/${name}\`)`));
}

const nameOf = (service: number): string => `service-${service}`;

/** A Consul with a layout, a Traefik that follows it, and one more service, `probe`, that has one instance. */
export interface Stack {
  readonly registry: Registry;
  readonly traefik: Traefik;
  stop(): Promise<void>;
  /** Bytes and milliseconds of what Traefik asks for each second: the services, and the instances of each that it publishes. */
  poll(): Promise<Sample>;
  /** Percent of a core of both, while nobody asks anything. */
  rest(seconds: number): Promise<Sample>;
  /** Seconds from the registration of a second instance of `probe` to its first request. */
  arrival(): Promise<Sample>;
  /**
   * Means of so many look-ups of the first service, one after the other, as the frontend does them: milliseconds, those of Consul's CPU, and how
   * many instances are found.
   */
  lookup(times: number): Promise<Sample>;
}

export async function startStack({ programs }: Bench, layout: Layout): Promise<Stack> {
  const { services, each } = layout;
  const registry = await startRegistry(programs);
  const many = await startMany(programs, services * each + 2, { type: "text/plain", body: "ok" });
  const ports = many.ports.slice(2);
  for (let service = 0; service < services; service++) {
    const tags = tagsFor(nameOf(service), layout);
    for (const port of ports.slice(service * each, (service + 1) * each)) {
      await registry.register({ name: nameOf(service), id: `instance-${port}`, port, tags });
    }
  }
  const probe = probeOf(registry, many, tagsFor("probe", layout));
  await probe.register(0);
  const traefik = await startTraefik(programs, traefikJob(), registry, { route: "/probe" });
  const lookup = srvLookup({ servers: [registry.dns] });
  return {
    ...{ registry, traefik },
    stop: async () => {
      await Promise.all([traefik.stop(), registry.stop(), many.stop()]);
    },
    poll: () => poll(registry),
    async rest(seconds) {
      const before = [traefik.cpu(), registry.cpu()] as const;
      await sleep(seconds * 1000);
      const percent = (program: number, since: number) => ((program - since) / seconds) * 100;
      return { traefik: percent(traefik.cpu(), before[0]), consul: percent(registry.cpu(), before[1]) };
    },
    async arrival() {
      const start = performance.now();
      await probe.register(1);
      await probe.until(traefik, (seen) => seen.has(1));
      const seconds = (performance.now() - start) / 1000;
      await probe.deregister(1);
      await probe.until(traefik, (seen) => !seen.has(1));
      return { seconds };
    },
    async lookup(times) {
      const [start, cpu] = [performance.now(), registry.cpu()];
      let found = 0;
      for (let i = 0; i < times; i++) found += (await lookup(`${nameOf(0)}.service.consul`)).length;
      const ms = (performance.now() - start) / times;
      return { ms, cpuMs: ((registry.cpu() - cpu) * 1000) / times, found: found / times };
    },
  };
}

/** As Traefik's provider does it (pkg/provider/consulcatalog of 3.6), one after the other. */
async function poll({ http }: Registry): Promise<Sample> {
  const start = performance.now();
  let bytes = 0;
  const get = async (query: string): Promise<unknown> => {
    const text = await answered(`${http}/v1/${query}`);
    bytes += text.length;
    return JSON.parse(text);
  };
  const services = (await get("catalog/services?stale=")) as Readonly<Record<string, readonly string[]>>;
  const published = Object.entries(services).filter(([, tags]) => tags.includes("traefik.enable=true"));
  for (const [name] of published) await get(`health/service/${name}?stale=&tag=traefik.enable%3Dtrue`);
  return { bytes, ms: performance.now() - start };
}

function probeOf(registry: Registry, many: Many, tags: readonly string[]) {
  const ports = many.ports.slice(0, 2);
  return {
    register: (instance: 0 | 1) =>
      registry.register({ name: "probe", id: `probe-${instance}`, port: ports[instance]!, tags }),
    deregister: (instance: 0 | 1) => registry.deregister(`probe-${instance}`),
    /** Asks until what the last ten requests have seen is as wanted. */
    async until({ url }: Traefik, wanted: (seen: ReadonlySet<number>) => boolean): Promise<void> {
      const last: number[] = [];
      const end = performance.now() + 30_000;
      do {
        if (performance.now() > end) throw new Error("Traefik does not follow the catalog: not within 30 s");
        const answer = await fetch(`${url}/probe`);
        await answer.text();
        last.push(ports.indexOf(Number(answer.headers.get("x-instance"))));
        if (last.length > 10) last.shift();
        await sleep(5);
      } while (!wanted(new Set(last)));
    },
  };
}

import { enginePath } from "../../engines/find";
import { answered } from "../apps";
import { freePort, type Programs, type Running } from "../programs";
import type { Registry } from "../registry";
import { type Job, withArguments } from "./job";

/** A program that passes requests on. */
export interface Proxy extends Running {
  /** Without a path. */
  readonly url: string;
}

export interface Traefik extends Proxy {
  /** Where it answers `/ping` and `/metrics`. */
  readonly adminUrl: string;
}

/** What differs from the job file. */
export interface TraefikOptions {
  /** For its log. Default `traefik`. */
  readonly name?: string;
  /** Take the place of arguments of the same name, or come on top. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A path that it must answer before it counts as ready: then it knows the catalog. Default `/`; `undefined` waits for `/ping` only. */
  readonly route?: string | undefined;
}

/**
 * The project's own Traefik with the arguments and the environment of its job, but for ports and Consul's address. Its access log goes to a
 * file, where on a host it goes to Docker's journald driver, whose share is not Traefik's and not measured here.
 */
export async function startTraefik(
  programs: Programs,
  job: Job,
  registry: Registry,
  options: TraefikOptions = {},
): Promise<Traefik> {
  const { name = "traefik", args = [], env = {} } = options;
  const route = "route" in options ? options.route : "/";
  const [web, admin] = [await freePort(), await freePort()];
  const [url, adminUrl] = [`http://127.0.0.1:${web}`, `http://127.0.0.1:${admin}`];
  const here = [
    `--entryPoints.web.address=127.0.0.1:${web}`,
    `--entryPoints.admin.address=127.0.0.1:${admin}`,
    `--providers.consulCatalog.endpoint.address=${registry.http.replace("http://", "")}`,
    // Else each stop would take as long as a load balancer needs to notice.
    "--entryPoints.web.transport.lifeCycle.requestAcceptGraceTimeout=0s",
    "--entryPoints.admin.transport.lifeCycle.requestAcceptGraceTimeout=0s",
    "--entryPoints.web.transport.lifeCycle.graceTimeOut=1s",
    "--entryPoints.admin.transport.lifeCycle.graceTimeOut=1s",
  ];
  const ready = () => answered(route === undefined ? `${adminUrl}/ping` : url + route);
  const running = await programs.start(
    name,
    enginePath("traefik"),
    withArguments(withArguments(job.args, here), args),
    { env: { ...job.env, ...env }, ready },
  );
  return { ...running, url, adminUrl };
}

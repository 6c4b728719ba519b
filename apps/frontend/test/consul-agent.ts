import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { until } from "./until";

/** A real Consul agent on free ports of the loopback interface. */
export class ConsulAgent {
  private constructor(
    private readonly guard: ChildProcess,
    private readonly pid: number,
    private readonly data: string,
    private readonly http: string,
    /** `address:port` of its DNS. */
    readonly dns: string,
  ) {}

  /** A server of its own, with DNS settings as the hosts have them; or ("client") one that has lost its servers. */
  static async start(role: "server" | "client" = "server"): Promise<ConsulAgent> {
    const [http, dns, server, lan, wan] = (await freePorts(5)) as [number, number, number, number, number];
    const data = mkdtempSync(path.join(os.tmpdir(), "consul-"));
    const settings = {
      bind_addr: "127.0.0.1",
      node_name: "agent",
      log_level: "warn",
      ports: { http, dns, server, serf_lan: lan, serf_wan: wan, grpc: -1, grpc_tls: -1 },
      dns_config: { enable_truncate: true, only_passing: true },
      check_update_interval: "0s",
    };
    const mode = role === "server" ? ["-dev"] : ["-data-dir", data];
    // The guard ends the agent when this process ends, however it ends: then its standard input closes.
    const script = 'exec 3<&0; "$@" 3<&- & agent=$!; echo $agent; (read _ <&3; kill -9 $agent) & wait $agent';
    const guard = spawn("/bin/sh", [
      "-c",
      script,
      "sh",
      consulPath(),
      "agent",
      ...mode,
      "-hcl",
      JSON.stringify(settings),
    ]);
    let output = "";
    guard.stdout.on("data", (chunk) => (output += chunk));
    guard.stderr.on("data", (chunk) => (output += chunk));
    await until("the agent's process id", () => /^\d+\n/.test(output));
    const agent = new ConsulAgent(guard, parseInt(output, 10), data, `http://127.0.0.1:${http}`, `127.0.0.1:${dns}`);
    const isUp = async (): Promise<boolean> => {
      if (guard.exitCode !== null) throw new Error(`consul ended:\n${output}`);
      // A server is up when it has a leader and is in its own catalog: only then DNS answers by it.
      if (role === "server") return ((await agent.get("/v1/catalog/nodes")) as unknown[]).length > 0;
      return (await agent.get("/v1/agent/self")) !== undefined;
    };
    try {
      await until("consul's HTTP API", () => isUp().catch((error) => (guard.exitCode === null ? false : raise(error))));
    } catch (error) {
      await agent.stop();
      throw error;
    }
    return agent;
  }

  async register(service: {
    readonly name: string;
    readonly id: string;
    readonly port: number;
    /** Default: none, which makes Consul name the node as the SRV record's target. */
    readonly address?: string;
    /** A URL that Consul asks each second. */
    readonly check?: string;
  }): Promise<void> {
    const { name, id, port, address, check } = service;
    await this.put("/v1/agent/service/register", {
      Name: name,
      ID: id,
      Port: port,
      Address: address,
      Check: check === undefined ? undefined : { HTTP: check, Interval: "1s", Timeout: "300ms", Status: "passing" },
    });
  }

  async deregister(id: string): Promise<void> {
    await this.put(`/v1/agent/service/deregister/${id}`);
  }

  /** Stops answering, as when its host is overloaded: nothing refuses, nothing replies. */
  async freeze(): Promise<void> {
    process.kill(this.pid, "SIGSTOP");
    // The signal has been sent, not yet acted upon: a thread that runs just now may still answer.
    const threads = `/proc/${this.pid}/task`;
    if (!existsSync(threads)) return;
    const state = (id: string): string | undefined =>
      /\) (\w)/.exec(readFileSync(`${threads}/${id}/stat`, "utf8"))?.[1];
    await until("every thread to stop", () => readdirSync(threads).every((id) => state(id) === "T"));
  }

  thaw(): void {
    process.kill(this.pid, "SIGCONT");
  }

  /** Ends it at once; its port refuses from now on. */
  async stop(): Promise<void> {
    if (this.guard.exitCode === null) {
      const exit = once(this.guard, "exit");
      this.guard.stdin?.end();
      await exit;
    }
    rmSync(this.data, { recursive: true, force: true });
  }

  private async get(url: string): Promise<unknown> {
    return (await this.request("GET", url)).json();
  }

  private async put(url: string, body?: unknown): Promise<void> {
    await this.request("PUT", url, body === undefined ? undefined : JSON.stringify(body));
  }

  private async request(method: string, url: string, body?: string): Promise<Response> {
    const response = await fetch(this.http + url, { method, body, signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    return response;
  }
}

function raise(error: unknown): never {
  throw error;
}

/** CONSUL_BIN, else on PATH, else where the project keeps what it built or downloaded. */
function consulPath(): string {
  const given = process.env["CONSUL_BIN"];
  const cache = process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  const places = [...folders, path.join(cache, "nomad-consul-cluster", "engines", "bin")];
  const candidates = given ? [given] : places.map((folder) => path.join(folder, "consul"));
  const found = candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error(`no consul at ${candidates.join(", ")}: set CONSUL_BIN to the path of one`);
  return found;
}

/** Ports that are free now, all different: they are held until all have been found. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = net.createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

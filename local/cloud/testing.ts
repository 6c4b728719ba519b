import * as fs from "node:fs/promises";
import type * as http from "node:http";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import type { Answers } from "./answers";
import { motoClients } from "./clients";
import { Front } from "./front";
import { motoEnvironment, motoImages } from "./moto";
import { Program } from "./programs";
import { cloudPython } from "./python";
import { RegistryGate } from "./registry";
import type { Hypervisor, TargetHealth } from "./types";

/** A hypervisor without hosts: tests say what it sees, and read how it was called. */
export class FakeHypervisor implements Hypervisor {
  pokes = 0;
  readonly addresses = new Map<string, string>();
  readonly hosts = new Map<string, "pending" | "running" | "dead" | "absent">();
  readonly consoles = new Map<string, string>();
  readonly balancers = new Map<string, string>();
  /** Health of a target group's targets, by its ARN. */
  health: (arn: string) => TargetHealth[] = () => [];

  poke(): void {
    this.pokes += 1;
  }
  settle(): Promise<void> {
    return Promise.resolve();
  }
  instanceAt(address: string): string | undefined {
    return this.addresses.get(address);
  }
  hostState(instanceId: string): "pending" | "running" | "dead" | "absent" {
    return this.hosts.get(instanceId) ?? "running";
  }
  consoleOutput(instanceId: string): Promise<string> {
    return Promise.resolve(this.consoles.get(instanceId) ?? "");
  }
  targetHealth(targetGroupArn: string): TargetHealth[] {
    return this.health(targetGroupArn);
  }
  loadBalancerAddress(arn: string): string | undefined {
    return this.balancers.get(arn);
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export interface TestCloud {
  /** The front's address, for anybody's client. */
  readonly endpoint: string;
  readonly hypervisor: FakeHypervisor;
  /** Clients of moto itself. */
  readonly moto: ReturnType<typeof motoClients>;
  readonly logged: string[];
  /** awscli against the front; rejects with what it printed. */
  readonly aws: string;
  readonly folder: string;
  stop(): Promise<void>;
}

/** The real moto and front of region eu-west-1, over a hypervisor without hosts; `registryPort` is where a registry would be. */
export async function startTestCloud(
  makeAnswers: (context: { clients: ReturnType<typeof motoClients>; hypervisor: FakeHypervisor; log(line: string): void }) => Answers,
  registryPort = 1,
): Promise<TestCloud> {
  const logged: string[] = [];
  const log = (line: string): void => void logged.push(line);
  const { python, aws } = await cloudPython(log);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cloud-test-"));
  const images = path.join(folder, "images.json");
  await fs.writeFile(images, motoImages());
  const port = await freePort();
  const moto = new Program({
    ...{ name: "moto", command: python, restarts: 0, log, onGivenUp: log },
    args: [path.resolve("local/cloud/moto/server.py"), "-H", "127.0.0.1", "-p", String(port)],
    env: motoEnvironment(images, "123456789012"),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/moto-api/`)).ok,
  });
  await moto.start();
  const clients = motoClients(`http://127.0.0.1:${port}`, "eu-west-1");
  const hypervisor = new FakeHypervisor();
  const context = { clients, hypervisor, log };
  const registry = new RegistryGate({ port: registryPort, accountId: "123456789012", clients });
  const front = new Front({
    ...{ motoPort: port, region: "eu-west-1", context, registry, answers: makeAnswers(context) },
  });
  const plain = await front.listenPlain(0, "127.0.0.1");
  return {
    ...{ endpoint: `http://127.0.0.1:${plain.port}`, hypervisor, moto: clients, logged, aws, folder },
    async stop() {
      close(plain.server);
      await moto.stop();
      await fs.rm(folder, { recursive: true, force: true });
    },
  };
}

export function close(server: http.Server): void {
  server.closeAllConnections();
  server.close();
}

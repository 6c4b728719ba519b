import { CreateSecurityGroupCommand, CreateSubnetCommand, CreateVpcCommand } from "@aws-sdk/client-ec2";
import * as fs from "node:fs/promises";
import type * as http from "node:http";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Access } from "../access";
import type { AnswerContext, Answers } from "../answers";
import { motoClients, type Clients } from "../clients";
import { Front } from "../front";
import { motoEnvironment, motoImages } from "../moto";
import { Program } from "../programs";
import { cloudPython } from "../python";
import { RegistryGate } from "../registry";
import { RegistryTokens } from "../registry-tokens";
import { Sessions, type Session } from "../sessions";
import type { Hypervisor, TargetHealth, Traffic } from "../types";
import { AwsCli } from "./awscli";

/** A hypervisor without hosts: tests say what it sees, and read how it was called. */
export class FakeHypervisor implements Hypervisor {
  pokes = 0;
  readonly addresses = new Map<string, string>();
  readonly hosts = new Map<string, "pending" | "running" | "dead" | "absent">();
  readonly consoles = new Map<string, string>();
  readonly balancers = new Map<string, string>();
  readonly traffics = new Map<string, Traffic>();
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
  traffic(loadBalancerArn: string): Traffic | undefined {
    return this.traffics.get(loadBalancerArn);
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

export interface TestNetwork {
  readonly vpcId: string;
  readonly subnets: readonly [string, string];
  readonly groupId: string;
}

/** A VPC 10.42.0.0/16 with subnets 10.42.1.0/24 in eu-west-1a and 10.42.2.0/24 in eu-west-1b, and a security group. */
export async function makeNetwork({ ec2 }: Clients): Promise<TestNetwork> {
  const VpcId = (await ec2.send(new CreateVpcCommand({ CidrBlock: "10.42.0.0/16" }))).Vpc!.VpcId!;
  const subnet = async (number: number, zone: string): Promise<string> => {
    const CidrBlock = `10.42.${number}.0/24`;
    const made = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone: `eu-west-1${zone}` }));
    return made.Subnet!.SubnetId!;
  };
  const subnets: [string, string] = [await subnet(1, "a"), await subnet(2, "b")];
  const group = await ec2.send(new CreateSecurityGroupCommand({ VpcId, GroupName: "hosts", Description: "hosts" }));
  return { vpcId: VpcId, subnets, groupId: group.GroupId! };
}

export interface TestCloud {
  /** The front's address, for anybody's client. */
  readonly endpoint: string;
  readonly hypervisor: FakeHypervisor;
  /** The AWS SDK's clients, through the front. */
  readonly clients: Clients;
  /** The same, past the front: clients of moto itself. */
  readonly moto: Clients;
  /** Sessions of roles that the cloud knows. */
  readonly sessions: Sessions;
  /** The gate before the registry; in front of it callers count as the machine's own. */
  readonly registry: RegistryGate;
  /** Lines that the cloud logged. */
  readonly logged: string[];
  /** Runs awscli against the front as the operator; rejects with what it printed. */
  aws(...args: string[]): Promise<string>;
  /** An awscli of its own that signs as a session; whoever asks for it stops it. */
  awsAs(session: Session): AwsCli;
  stop(): Promise<void>;
}

/** The real moto and front of region eu-west-1, over a hypervisor without hosts; the last two say where a registry would be. */
export async function startTestCloud(
  makeAnswers: (context: AnswerContext, parts: { sessions: Sessions; tokens: RegistryTokens }) => Answers = () => ({}),
  registryPort = 1,
  registryStorage = "/nonexistent",
): Promise<TestCloud> {
  const logged: string[] = [];
  const log = (line: string): void => void logged.push(line);
  const { python } = await cloudPython(log);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "cloud-test-"));
  const images = path.join(folder, "images.json");
  await fs.writeFile(images, motoImages());
  const port = await freePort();
  const moto = new Program({
    ...{ name: "moto", command: python, restarts: 0, log, onGivenUp: log },
    args: [path.resolve("local/cloud/moto/server.py"), "-H", "127.0.0.1", "-p", String(port)],
    env: motoEnvironment(images, folder, "123456789012"),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/moto-api/`)).ok,
  });
  await moto.start();
  const clients = motoClients(`http://127.0.0.1:${port}`, "eu-west-1");
  const hypervisor = new FakeHypervisor();
  const context = { clients, hypervisor, log };
  const [accountId, region] = ["123456789012", "eu-west-1"];
  const sessions = new Sessions(clients);
  const tokens = new RegistryTokens();
  const access = new Access({ accountId, sessions, clients });
  const registry = new RegistryGate({
    ...{ port: registryPort, storage: registryStorage, accountId, region, clients, tokens, access },
  });
  const answers = makeAnswers(context, { sessions, tokens });
  const front = new Front({ motoPort: port, region, context, access, registry, answers, releases: folder });
  const plain = await front.listenPlain(0, "127.0.0.1");
  const endpoint = `http://127.0.0.1:${plain.port}`;
  let cli: AwsCli | undefined;
  return {
    ...{ endpoint, hypervisor, moto: clients, clients: motoClients(endpoint, "eu-west-1"), logged },
    ...{ sessions, registry },
    aws(...args) {
      cli ??= new AwsCli(python, endpoint);
      return cli.run(args);
    },
    awsAs: (session) => new AwsCli(python, endpoint, { ...session, sessionToken: session.token }),
    async stop() {
      await cli?.stop();
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

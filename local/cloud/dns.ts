import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import { promisify } from "node:util";
import type { Program } from "./programs";
import { RELEASES_HOST } from "./releases";
import type { VpcNetwork } from "./types";

const run = promisify(execFile);

/** The VPC resolver's second address, the same in every VPC. */
export const RESOLVER = "169.254.169.253";
export const METADATA = "169.254.169.254";

/** Domains that are this cloud's inside of a VPC; everything else is asked of the machine's own resolvers. */
export const ownDomains = ["amazonaws.com", "api.aws", RELEASES_HOST];

/** Configuration of dnsmasq as the resolver of these VPCs. */
export function dnsConfiguration(region: string, networks: readonly VpcNetwork[]): string {
  // Hosts of different VPCs cannot reach one another's addresses: the one that all of them reach is the link-local one.
  const cloud = networks.length === 1 ? networks[0]!.address : RESOLVER;
  const lines = [
    "no-hosts",
    "cache-size=1000",
    "bind-dynamic",
    "except-interface=lo",
    ...[RESOLVER, ...networks.map(({ address }) => address)].map((address) => `listen-address=${address}`),
    // The second line keeps questions for other types, IPv6 first of all, from the outside.
    ...ownDomains.flatMap((domain) => [`address=/${domain}/${cloud}`, `local=/${domain}/`]),
    ...networks.map(({ cidr }) => `synth-domain=${region}.compute.internal,${cidr},ip-`),
    `local=/compute.internal/`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Keeps resolver and link-local addresses in step with the VPCs that the container is a part of. */
export class VpcResolver {
  private readonly networks = new Map<string, VpcNetwork>();

  constructor(
    private readonly settings: {
      readonly region: string;
      readonly file: string;
      readonly program: Program;
      log(line: string): void;
    },
  ) {}

  async add(network: VpcNetwork): Promise<void> {
    const { region, file, program, log } = this.settings;
    const device = await deviceOf(network.address);
    for (const address of [RESOLVER, METADATA]) {
      await run("ip", ["address", "replace", `${address}/32`, "dev", device]);
    }
    this.networks.set(network.vpcId, network);
    await fs.writeFile(file, dnsConfiguration(region, [...this.networks.values()]));
    await program.restart();
    log(`${network.vpcId} (${network.cidr}): resolver at ${network.address} on ${device}`);
  }
}

/** The interface that has this address; Docker gives it a moment after the connection. */
async function deviceOf(address: string): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const found = Object.entries(os.networkInterfaces()).find(([, each]) =>
      each?.some((one) => one.address === address),
    );
    if (found !== undefined) return found[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no interface of this container has the address ${address}`);
}

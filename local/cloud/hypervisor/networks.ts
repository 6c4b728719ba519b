import type Docker from "dockerode";
import { reservedAddresses } from "./addresses";
import { STACK_LABEL, isAbsent } from "./docker";
import type { CloudState } from "./state";

/** A VPC that exists as a Docker network to which the cloud's own container is connected. */
export interface VpcNetwork {
  readonly vpcId: string;
  readonly cidr: string;
  /** The cloud's address in it: the VPC's resolver. */
  readonly address: string;
}

/** Keeps one Docker network for each VPC: its address plan is the VPC's, its gateway is the VPC's router. */
export class Networks {
  private readonly ready = new Set<string>();

  constructor(
    private readonly docker: Docker,
    private readonly stack: string,
    /** The container that this process runs in. */
    private readonly self: string,
    private readonly onNetwork: (network: VpcNetwork) => Promise<void>,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * To be sorted behind `bridge`, whatever the stack is called: the cloud's ports are published on the first of its networks by name, and when that
   * becomes another one Docker takes them away and publishes them anew. Calls under way then lose their answers.
   */
  name(vpcId: string): string {
    return `${vpcId}-${this.stack}`;
  }

  isReady(vpcId: string | undefined): boolean {
    return vpcId !== undefined && this.ready.has(vpcId);
  }

  async reconcile(state: CloudState): Promise<void> {
    for (const { VpcId, CidrBlock } of state.vpcs) {
      if (!this.ready.has(VpcId!)) await this.create(VpcId!, CidrBlock!);
    }
    for (const vpcId of this.ready) {
      if (!state.vpcs.some(({ VpcId }) => VpcId === vpcId)) await this.remove(vpcId);
    }
  }

  private async create(vpcId: string, cidr: string): Promise<void> {
    const { router, resolver } = reservedAddresses(cidr);
    const name = this.name(vpcId);
    const network = this.docker.getNetwork(name);
    const existing = await network.inspect().catch((error: unknown) => {
      if (isAbsent(error)) return undefined;
      throw error;
    });
    if (existing === undefined) {
      await this.docker.createNetwork({
        Name: name,
        Driver: "bridge",
        IPAM: { Driver: "default", Config: [{ Subnet: cidr, Gateway: router }] },
        Labels: { [STACK_LABEL]: this.stack },
      });
    }
    const connected = Object.keys((existing as { Containers?: object } | undefined)?.Containers ?? {});
    if (!connected.some((id) => id.startsWith(this.self))) {
      await network.connect({
        Container: this.self,
        EndpointConfig: { IPAMConfig: { IPv4Address: resolver } },
      });
    }
    await this.onNetwork({ vpcId, cidr, address: resolver });
    this.ready.add(vpcId);
    this.log(`${vpcId}: network ${cidr}, resolver at ${resolver}`);
  }

  private async remove(vpcId: string): Promise<void> {
    const network = this.docker.getNetwork(this.name(vpcId));
    const ignoreAbsent = (error: unknown) => {
      if (!isAbsent(error)) throw error;
    };
    await network.disconnect({ Container: this.self, Force: true }).catch(ignoreAbsent);
    await network.remove().catch(ignoreAbsent);
    this.ready.delete(vpcId);
    this.log(`${vpcId}: network removed`);
  }
}

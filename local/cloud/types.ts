/** One target of a target group as the load balancer sees it. */
export interface TargetHealth {
  readonly targetId: string;
  readonly port: number;
  readonly state: "initial" | "healthy" | "unhealthy" | "draining" | "unused";
  /** AWS's reason code, such as `Target.ResponseCodeMismatch`. */
  readonly reason?: string;
  readonly description?: string;
}

/** What a load balancer has counted, and how long its targets took lately. */
export interface Traffic {
  readonly requests: number;
  /** Answers 5xx of the load balancer's own, and of targets. */
  readonly refused: number;
  readonly failed: number;
  /** Mean of the last 1,024 requests. */
  readonly responseSeconds: number;
}

/** What turns the state of the AWS API into hosts, networks, disks and load balancers. */
export interface Hypervisor {
  /** The state has changed: reconcile soon. Calls coalesce. */
  poke(): void;
  /** Resolves when the hosts agree with the state as of the call. */
  settle(): Promise<void>;
  /** The instance that owns this source address in a VPC. */
  instanceAt(address: string): string | undefined;
  hostState(instanceId: string): "pending" | "running" | "dead" | "absent";
  consoleOutput(instanceId: string): Promise<string>;
  targetHealth(targetGroupArn: string): TargetHealth[];
  /** The loopback address under which a load balancer is reached from outside; undefined until it listens. */
  loadBalancerAddress(arn: string): string | undefined;
  /** What a load balancer for HTTP has done so far; undefined for others, and until it has been looked at. */
  traffic(loadBalancerArn: string): Traffic | undefined;
  stop(): Promise<void>;
}

/** A VPC that the cloud's container has become a part of. */
export interface VpcNetwork {
  readonly vpcId: string;
  readonly cidr: string;
  /** The container's own address in it: the VPC resolver's, base + 2. */
  readonly address: string;
}

export interface HypervisorSettings {
  readonly stack: string;
  readonly region: string;
  /** moto's plain address, such as `http://127.0.0.1:5000`. */
  readonly endpoint: string;
  /** Folder with a PEM file for each imported certificate: certificate, chain and key, named by the last part of its ARN. */
  readonly certificates: string;
  onNetwork(network: VpcNetwork): Promise<void>;
  log(line: string): void;
}

export type StartHypervisor = (settings: HypervisorSettings) => Promise<Hypervisor>;

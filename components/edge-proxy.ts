import * as aws from "@pulumi/aws";
import type * as nomad from "@pulumi/nomad";
import * as pulumi from "@pulumi/pulumi";
import { AppImage } from "./app-image";
import { createJob } from "./job";
import type { Network } from "./network";
import { recordedInputs } from "./recorded-inputs";
import { allowEgress, allowIngress, createSecurityGroup, tcp } from "./security-rules";
import { type ClusterIdentity, resourceTags } from "./tags";
import type { WorkerPool } from "./worker-pool";
import type { WorkloadIdentity } from "./workload-identity";

/** A certificate in ACM, and the name it is for; the name's DNS record has to point at the load balancer. */
export interface Certificate {
  readonly arn: string;
  readonly hostname: string;
}

export interface EdgeProxyArgs {
  readonly identity: ClusterIdentity;
  readonly network: Network;
  /** The pools that run Traefik and take traffic. */
  readonly pools: readonly WorkerPool[];
  readonly datacenter: string;
  /** With it, HTTPS, and HTTP redirects there. Without it, HTTP. */
  readonly certificate?: Certificate;
  readonly image?: string;
  /** Of Traefik, where the image is built here. */
  readonly version: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  readonly provider: nomad.Provider;
  readonly workloads: WorkloadIdentity;
  readonly deleteImages: boolean;
  /** Encrypts the images instead of ECR's own key. */
  readonly encryptionKeyArn?: pulumi.Output<string>;
  readonly deletedWith: pulumi.Resource;
}

export const TRAEFIK_WEB_PORT = 8080;
export const TRAEFIK_PING_PORT = 8081;

const TRAEFIK_PORTS = [tcp(TRAEFIK_WEB_PORT, "Traefik"), tcp(TRAEFIK_PING_PORT, "Traefik's health check")];
const TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/** The way in for users: a load balancer in front of Traefik, which runs on every worker of the given pools. */
export class EdgeProxy extends pulumi.ComponentResource {
  readonly loadBalancer: aws.lb.LoadBalancer;
  readonly targetGroup: aws.lb.TargetGroup;
  readonly image: pulumi.Output<string>;
  readonly job: nomad.Job;
  /** Where users go, without a path. */
  readonly url: pulumi.Output<string>;
  /** The load balancer's own name; known once traffic can pass. */
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: EdgeProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("cluster:index:EdgeProxy", name, recordedInputs(args), opts);
    const tags = resourceTags(args.identity, "edge", "edge");

    const group = createSecurityGroup(
      name,
      { vpcId: args.network.vpc.id, description: "Load balancer in front of Traefik", tags },
      this,
    );
    const rules = this.#createRules(name, group, args, tags);
    this.loadBalancer = new aws.lb.LoadBalancer(
      name,
      {
        loadBalancerType: "application",
        internal: false,
        subnets: args.network.publicSubnetIds,
        securityGroups: [group.id],
        // Only what RFC 7230 allows: a request that two proxies could read differently ends here.
        desyncMitigationMode: "strictest",
        dropInvalidHeaderFields: true,
        tags,
      },
      { parent: this, dependsOn: [...args.network.ingress] },
    );
    const targets = this.#createTargets(name, args, tags);
    this.targetGroup = targets.targetGroup;
    const listeners = this.#createListeners(name, args.certificate, targets.targetGroup, tags);

    const image = new AppImage(
      `${name}-image`,
      {
        identity: args.identity,
        app: "traefik",
        reference: args.image,
        buildArgs: { TRAEFIK_IMAGE: `traefik:v${args.version}` },
        deleteImages: args.deleteImages,
        encryptionKeyArn: args.encryptionKeyArn,
      },
      { parent: this },
    );
    this.image = image.reference;
    this.job = createJob(
      `${name}-job`,
      {
        app: "traefik",
        workloads: args.workloads,
        variables: {
          datacenter: args.datacenter,
          image: image.reference,
          node_pool_classes: args.pools.map((pool) => pool.nodeClass).join(","),
          cpu_mhz: String(args.cpuMhz),
          memory_mib: String(args.memoryMib),
          // The load balancer's own addresses come out of these.
          trusted_ips: args.network.zones.map((zone) => zone.publicCidr).join(","),
        },
      },
      { parent: this, provider: args.provider, deletedWith: args.deletedWith },
    );

    this.address = pulumi
      .all([this.loadBalancer.dnsName, ...[...rules, ...targets.attachments, ...listeners].map(({ id }) => id)])
      .apply(([dnsName]) => dnsName!);
    this.url = args.certificate
      ? pulumi.output(`https://${args.certificate.hostname}`)
      : pulumi.interpolate`http://${this.loadBalancer.dnsName}`;
    this.registerOutputs({ url: this.url, image: this.image });
  }

  #createRules(
    name: string,
    group: aws.ec2.SecurityGroup,
    args: EdgeProxyArgs,
    tags: Record<string, string>,
  ): pulumi.CustomResource[] {
    const ports = args.certificate ? [tcp(80, "Redirect to HTTPS"), tcp(443, "HTTPS")] : [tcp(80, "HTTP")];
    const users = { label: "anywhere", cidr: "0.0.0.0/0" };
    return [
      ...allowIngress(name, group, users, ports, tags, this),
      ...args.pools.flatMap((pool) => [
        ...allowEgress(name, group, { label: pool.nodeClass, group: pool.securityGroup }, TRAEFIK_PORTS, tags, this),
        ...allowIngress(
          `${name}-${pool.nodeClass}`,
          pool.securityGroup,
          { label: "load-balancer", group },
          TRAEFIK_PORTS,
          tags,
          this,
        ),
      ]),
    ];
  }

  #createTargets(
    name: string,
    args: EdgeProxyArgs,
    tags: Record<string, string>,
  ): { targetGroup: aws.lb.TargetGroup; attachments: pulumi.CustomResource[] } {
    const targetGroup = new aws.lb.TargetGroup(
      name,
      {
        vpcId: args.network.vpc.id,
        port: TRAEFIK_WEB_PORT,
        protocol: "HTTP",
        targetType: "instance",
        deregistrationDelay: 30,
        // A worker that has vanished answers nothing: what waits for it keeps further requests away before the health check does.
        loadBalancingAlgorithmType: "least_outstanding_requests",
        healthCheck: {
          protocol: "HTTP",
          port: String(TRAEFIK_PING_PORT),
          path: "/ready",
          matcher: "200",
          interval: 5,
          timeout: 2,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
        tags,
      },
      { parent: this },
    );
    const attachments = args.pools.map(
      (pool) =>
        new aws.autoscaling.Attachment(
          `${name}-${pool.nodeClass}`,
          { autoscalingGroupName: pool.group.name, lbTargetGroupArn: targetGroup.arn },
          { parent: this },
        ),
    );
    return { targetGroup, attachments };
  }

  #createListeners(
    name: string,
    certificate: Certificate | undefined,
    targetGroup: aws.lb.TargetGroup,
    tags: Record<string, string>,
  ): aws.lb.Listener[] {
    const forward = [{ type: "forward", targetGroupArn: targetGroup.arn }];
    const redirect = [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }];
    const http = new aws.lb.Listener(
      `${name}-http`,
      {
        loadBalancerArn: this.loadBalancer.arn,
        port: 80,
        protocol: "HTTP",
        defaultActions: certificate ? redirect : forward,
        // No answer names the software that made it.
        routingHttpResponseServerEnabled: false,
        tags,
      },
      { parent: this },
    );
    if (certificate === undefined) return [http];
    const https = new aws.lb.Listener(
      `${name}-https`,
      {
        loadBalancerArn: this.loadBalancer.arn,
        port: 443,
        protocol: "HTTPS",
        sslPolicy: TLS_POLICY,
        certificateArn: certificate.arn,
        defaultActions: forward,
        routingHttpResponseServerEnabled: false,
        tags,
      },
      { parent: this },
    );
    return [http, https];
  }
}

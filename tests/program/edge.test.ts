import * as nomad from "@pulumi/nomad";
import * as pulumi from "@pulumi/pulumi";
import { pullableRepositories } from "../../components/app-image";
import { EdgeProxy } from "../../components/edge-proxy";
import { Network } from "../../components/network";
import { Service } from "../../components/service";
import type { WorkerPool } from "../../components/worker-pool";
import type { WorkloadIdentity } from "../../components/workload-identity";
import { type RecordingMocks, settle, startMocks, valueOf } from "./recording-mocks";
import { PROGRAM_TIMEOUT_MS } from "./run-program";

const identity = { project: "cluster", stack: "test", cluster: "cluster-test" };
const GIVEN = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shared/app@sha256:0123";

/** What EdgeProxy takes of a pool. */
const pool = (nodeClass: string) =>
  ({
    nodeClass,
    securityGroup: { id: pulumi.output(`${nodeClass}-group`) },
    group: { name: pulumi.output(`${nodeClass}-asg`) },
  }) as unknown as WorkerPool;

describe("the edge and the services", () => {
  let mocks: RecordingMocks;
  let edge: EdgeProxy;
  let given: Service;
  beforeAll(async () => {
    mocks = await startMocks("up");
    const network = new Network("network", {
      identity,
      region: "eu-west-1",
      vpcCidr: "10.42.0.0/16",
      zones: 2,
      natGateways: "none",
      flowLogs: false,
    });
    const provider = new nomad.Provider("nomad", { address: "https://127.0.0.1:4646" });
    const workloads = { ready: pulumi.output("nomad-workloads") } as unknown as WorkloadIdentity;
    const shared = { identity, datacenter: "dc1", provider, workloads, deleteImages: true, deletedWith: network.vpc };
    edge = new EdgeProxy("edge", {
      ...shared,
      network,
      pools: [pool("edge"), pool("burst")],
      certificate: { arn: "arn:certificate", hostname: "www.example.com" },
      image: GIVEN,
      version: "3.6.12",
      cpuMhz: 200,
      memoryMib: 128,
    });
    const service = { ...shared, app: "backend", count: 2, cpuMhz: 100, memoryMib: 128, variables: { greeting: "Hi" } };
    given = new Service("given", { ...service, image: GIVEN });
    new Service("built", service);
    await settle(mocks);
  }, PROGRAM_TIMEOUT_MS);

  it("serve HTTPS under the certificate's name, and redirect HTTP there", async () => {
    const listeners = mocks.ofType("aws:lb/listener:Listener");
    expect(Object.keys(listeners)).toEqual(["edge-http", "edge-https"]);
    expect(listeners["edge-http"]!.inputs).toMatchObject({
      port: 80,
      protocol: "HTTP",
      defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
      routingHttpResponseServerEnabled: false,
    });
    expect(listeners["edge-https"]!.inputs).toMatchObject({
      port: 443,
      protocol: "HTTPS",
      certificateArn: "arn:certificate",
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      defaultActions: [{ type: "forward", targetGroupArn: "arn:edge" }],
      routingHttpResponseServerEnabled: false,
    });
    expect(await valueOf(edge.url)).toBe("https://www.example.com");
    expect(await valueOf(edge.address)).toBe("edge.elb.example");
  });

  it("take traffic to Traefik's known port, and judge a worker by whether its Traefik knows the catalog", () => {
    expect(mocks.ofType("aws:lb/targetGroup:TargetGroup")["edge"]!.inputs).toMatchObject({
      port: 8080,
      protocol: "HTTP",
      targetType: "instance",
      deregistrationDelay: 30,
      loadBalancingAlgorithmType: "least_outstanding_requests",
      healthCheck: {
        protocol: "HTTP",
        port: "8081",
        path: "/ready",
        matcher: "200",
        interval: 5,
        timeout: 2,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
      },
    });
    expect(mocks.ofType("aws:lb/loadBalancer:LoadBalancer")["edge"]!.inputs).toMatchObject({
      internal: false,
      desyncMitigationMode: "strictest",
      dropInvalidHeaderFields: true,
      subnets: ["network-public-a-id", "network-public-b-id"],
    });
  });

  it("spread over every pool that they are given", () => {
    const attachments = Object.values(mocks.ofType("aws:autoscaling/attachment:Attachment"));
    expect(attachments.map(({ inputs }) => inputs.autoscalingGroupName)).toEqual(["edge-asg", "burst-asg"]);
    expect(mocks.ofType("nomad:index/job:Job")["edge-job"]!.inputs.hcl2.vars.node_pool_classes).toBe("edge,burst");
    const rules = mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(Object.keys(rules).filter((name) => name.startsWith("edge-"))).toEqual([
      "edge-from-anywhere-tcp-80",
      "edge-from-anywhere-tcp-443",
      "edge-edge-from-load-balancer-tcp-8080",
      "edge-edge-from-load-balancer-tcp-8081",
      "edge-burst-from-load-balancer-tcp-8080",
      "edge-burst-from-load-balancer-tcp-8081",
    ]);
  });

  it("run an image that is given as it is, and build nothing for it", async () => {
    expect(await valueOf(given.image)).toBe(GIVEN);
    expect(mocks.ofType("nomad:index/job:Job")["given-job"]!.inputs.hcl2.vars.image).toBe(GIVEN);
    expect(Object.keys(mocks.ofType("aws:ecr/repository:Repository"))).toEqual(["built-image"]);
    expect(Object.keys(mocks.ofType("docker-build:index:Image"))).toEqual(["built-image"]);
  });

  it("build an image from the app's folder, tagged by its contents, and run it by digest", () => {
    const { inputs } = mocks.ofType("docker-build:index:Image")["built-image"]!;
    const repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/cluster-test/backend";
    expect(inputs).toMatchObject({
      context: { location: `${process.cwd()}/apps/backend` },
      tags: [expect.stringMatching(new RegExp(`^${repository}:[0-9a-f]{16}$`))],
      platforms: ["linux/amd64"],
      push: true,
      buildOnPreview: false,
      registries: [{ address: repository, username: "AWS", password: "registry-password" }],
    });
    expect(mocks.ofType("nomad:index/job:Job")["built-job"]!.inputs.hcl2.vars.image).toBe(
      `${repository}@sha256:built-image`,
    );
  });

  it("keep images in a repository with immutable tags, scanned on push, the twenty newest of them", () => {
    expect(mocks.ofType("aws:ecr/repository:Repository")["built-image"]!.inputs).toMatchObject({
      name: "cluster-test/backend",
      imageTagMutability: "IMMUTABLE",
      imageScanningConfiguration: { scanOnPush: true },
      forceDelete: true,
    });
    const policy = JSON.parse(mocks.ofType("aws:ecr/lifecyclePolicy:LifecyclePolicy")["built-image"]!.inputs.policy);
    expect(policy.rules).toEqual([
      {
        rulePriority: 1,
        description: "Keep the 20 newest images",
        selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 20 },
        action: { type: "expire" },
      },
    ]);
  });

  it("let workers pull from the stack's repositories and from those of given images", async () => {
    const arns = pullableRepositories({
      cluster: "cluster-test",
      region: "eu-west-1",
      references: [undefined, GIVEN, "docker.io/library/traefik:v3.6.12"],
    });
    expect(await Promise.all(arns.map((arn) => valueOf(arn)))).toEqual([
      "arn:aws:ecr:eu-west-1:123456789012:repository/cluster-test/*",
      "arn:aws:ecr:eu-west-1:123456789012:repository/shared/app",
    ]);
  });
});

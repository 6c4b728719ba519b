import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { encryptedWith } from "./encryption";
import type { RecordingMocks } from "./recording-mocks";
import { valueOf } from "./recording-mocks";
import { billedFor, registeredBill } from "./registered-bill";
import { DEV_COUNTS } from "./resource-counts";
import { type ProgramRun, PROGRAM_TIMEOUT_MS, runProgram } from "./run-program";

describe("the program for dev", () => {
  let run: ProgramRun;
  let mocks: RecordingMocks;
  beforeAll(async () => {
    run = await runProgram("dev", "up");
    mocks = run.mocks;
  }, PROGRAM_TIMEOUT_MS);

  it("registers exactly these resources", () => {
    expect(mocks.counts()).toEqual(DEV_COUNTS);
  });

  it("has all that an estimate of its price takes it to have, and nothing else that AWS bills", () => {
    expect(registeredBill(mocks)).toEqual(billedFor("dev"));
  });

  it("gives no two resources the same URN", () => {
    const urns = mocks.registrations.map(({ type, name, options }) => `${options.parent}::${type}::${name}`);
    expect(new Set(urns).size).toBe(urns.length);
  });

  it("parents every resource but the providers to a component", () => {
    const roots = mocks.registrations.filter(({ custom, options }) => custom && options.parent === "cluster-dev");
    expect(roots.map(({ type }) => type).sort()).toEqual(["pulumi:providers:consul", "pulumi:providers:nomad"]);
  });

  it("tags every AWS resource that can be tagged with its project, stack and component", () => {
    const untagged = mocks.registrations.filter(({ type, inputs }) => {
      const tags = Array.isArray(inputs.tags)
        ? Object.fromEntries(inputs.tags.map(({ key, value }) => [key, value]))
        : inputs.tags;
      return type.startsWith("aws:") && !(tags?.Project === "cluster" && tags.Stack === "dev" && tags.Component);
    });
    expect([...new Set(untagged.map(({ type }) => type))].sort()).toEqual([
      "aws:autoscaling/attachment:Attachment",
      "aws:autoscaling/lifecycleHook:LifecycleHook",
      "aws:autoscaling/policy:Policy",
      "aws:cloudwatch/dashboard:Dashboard",
      "aws:ec2/route:Route",
      "aws:ec2/routeTableAssociation:RouteTableAssociation",
      "aws:ec2/volumeAttachment:VolumeAttachment",
      "aws:ecr/lifecyclePolicy:LifecyclePolicy",
      "aws:iam/rolePolicy:RolePolicy",
      "aws:lb/targetGroupAttachment:TargetGroupAttachment",
      "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
      "aws:s3/bucketPolicy:BucketPolicy",
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
      "aws:s3/bucketVersioning:BucketVersioning",
    ]);
  });

  it("leaves encryption to AWS's keys", () => {
    expect(new Set(Object.values(encryptedWith(mocks)))).toEqual(new Set([undefined, "alias/aws/ssm"]));
    expect(encryptedWith(mocks)).toMatchObject({ "servers-1-data": undefined, "secrets-servers-tls": "alias/aws/ssm" });
  });

  it("boots every host with its own user data, of which EC2 accepts the size", () => {
    const userData = [
      ...Object.values(mocks.ofType("aws:ec2/instance:Instance")).map(({ inputs }) => inputs.userDataBase64),
      ...Object.values(mocks.ofType("aws:ec2/launchTemplate:LaunchTemplate")).map(({ inputs }) => inputs.userData),
    ].map((text: string) => Buffer.from(text, "base64"));
    expect(userData).toHaveLength(5);
    expect(new Set(userData.map(String)).size).toBe(5);
    for (const packed of userData) {
      expect(packed.length).toBeLessThanOrEqual(16_384);
      const text = gunzipSync(packed).toString("utf8");
      expect(text.startsWith("#cloud-config\n")).toBe(true);
      expect(parse(text)).toEqual(expect.any(Object));
    }
  });

  it("registers both services and Traefik with Nomad through the explicit provider, and waits for them", () => {
    const jobs = mocks.ofType("nomad:index/job:Job");
    expect(Object.keys(jobs).sort()).toEqual(["backend-job", "edge-job", "frontend-job"]);
    for (const job of Object.values(jobs)) {
      expect(job.provider).toMatch(/pulumi:providers:nomad::nomad::nomad-id$/);
      expect(job.inputs).toMatchObject({ detach: false, purgeOnDestroy: true, rerunIfDead: true });
      expect(job.options).toMatchObject({ version: "2.6.1", deletedWith: "network-vpc", createTimeout: "10m" });
    }
    expect(jobs["backend-job"]!.inputs.hcl2.vars).toEqual({
      datacenter: "dc1",
      image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/cluster-dev/backend@sha256:backend-image",
      count: "3",
      cpu_mhz: "100",
      memory_mib: "128",
      greeting: "Hello from the backend in dev",
      environment: "dev",
      specification: createHash("sha256")
        .update(readFileSync("apps/backend/backend.nomad.hcl"))
        .digest("hex")
        .slice(0, 16),
    });
    expect(jobs["frontend-job"]!.inputs.hcl2.vars).toMatchObject({ title: "Frontend in dev", environment: "dev" });
    expect(jobs["edge-job"]!.inputs.hcl2.vars).toMatchObject({
      node_pool_classes: "workers",
      trusted_ips: "10.42.0.0/20,10.42.16.0/20",
    });
  });

  it("builds Traefik's image from the version that is configured, under a tag of its own", async () => {
    const image = mocks.ofType("docker-build:index:Image")["edge-image"]!.inputs;
    expect(image.buildArgs).toEqual({ TRAEFIK_IMAGE: "traefik:v3.6.12" });
    expect(mocks.ofType("docker-build:index:Image")["backend-image"]!.inputs.buildArgs).toBeUndefined();
    expect(image.tags[0]).toMatch(/\/cluster-dev\/traefik:[0-9a-f]{16}$/);
  });

  it("gives the job files every variable that they declare without a default, and none that they do not know", () => {
    for (const { inputs } of Object.values(mocks.ofType("nomad:index/job:Job"))) {
      const declared = [...inputs.jobspec.matchAll(/^variable "(\w+)" \{\n([\s\S]*?)\n\}/gm)];
      const required = declared.filter(([, , body]) => !/^\s*default\s*=/m.test(body)).map(([, name]) => name);
      const given = Object.keys(inputs.hcl2.vars);
      expect(given).toEqual(expect.arrayContaining(required));
      expect(declared.map(([, name]) => name)).toEqual(expect.arrayContaining(given));
    }
  });

  it("keeps exactly these inputs secret: passwords, private keys, tokens and what holds them", () => {
    const secrets = mocks.registrations.filter(({ secrets }) => secrets.length > 0);
    expect(secrets.map(({ name, secrets }) => `${name}: ${secrets.join(", ")}`).sort()).toEqual([
      "backend-image: registries",
      "consul: token",
      "edge-image: registries",
      "frontend-image: registries",
      "nomad: secretId",
      "secrets-ca-cert: privateKeyPem",
      "secrets-server-cert: caPrivateKeyPem",
      "secrets-server-request: privateKeyPem",
      "secrets-servers-acl: value",
      "secrets-servers-consul: value",
      "secrets-servers-nomad: value",
      "secrets-servers-tls: value",
      "secrets-worker-cert: caPrivateKeyPem",
      "secrets-worker-request: privateKeyPem",
      "secrets-workers-consul: value",
      "secrets-workers-nomad: value",
      "secrets-workers-tls: value",
    ]);
  });

  it("outputs what it costs a month, and what shows why", () => {
    expect(run.outputs.monthlyCost).toEqual({
      currency: "USD",
      total: 168.32,
      of: {
        ...{ Instances: 49.1, "NAT gateways": 36.18, "Load balancers": 37.04, "Public IPv4": 14.6, Disks: 8.98 },
        ...{ Monitoring: 13.89, Logs: 2.68, "Data transfer": 2.93, "Keys and storage": 2.92 },
      },
      details: "npm run cost -- --stack dev",
    });
  });

  it("outputs the page's address, the APIs, the images by digest and commands to paste", async () => {
    expect(await valueOf(run.outputs.url)).toBe("http://edge.elb.example");
    expect(await valueOf(run.outputs.nomadAddress)).toBe("https://api.elb.example:4646");
    expect(await valueOf(run.outputs.consulAddress)).toBe("https://api.elb.example:8501");
    expect(await valueOf(run.outputs.bastion!.instanceId)).toBe("bastion-id");
    expect(await valueOf(run.outputs.bastion!.publicIp)).toBe("198.51.100.10");
    expect(await valueOf(run.outputs.images.traefik)).toBe(
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com/cluster-dev/traefik@sha256:edge-image",
    );
    const commands = await Promise.all(
      Object.entries(run.outputs.commands).map(async ([name, command]) => [name, await valueOf(command)]),
    );
    expect(Object.fromEntries(commands)).toEqual({
      nomad: "npm run cli -- --stack dev nomad status",
      nomadUi: "npm run cli -- --stack dev nomad ui -authenticate -show-url",
      consul: "npm run cli -- --stack dev consul members",
      consulUi: "open https://api.elb.example:8501/ui",
      nomadTunnel:
        "aws ssm start-session --region eu-west-1 --target bastion-id --document-name AWS-StartPortForwardingSessionToRemoteHost " +
        "--parameters host=api.elb.example,portNumber=4646,localPortNumber=4646",
      consulTunnel:
        "aws ssm start-session --region eu-west-1 --target bastion-id --document-name AWS-StartPortForwardingSessionToRemoteHost " +
        "--parameters host=api.elb.example,portNumber=8501,localPortNumber=8501",
      bastion: "aws ssm start-session --region eu-west-1 --target bastion-id",
    });
  });
});

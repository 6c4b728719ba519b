import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { parseConfig } from "./config";

const PLACE = { project: "cluster", stack: "dev", region: "eu-west-1" };

interface Project {
  readonly config: Readonly<Record<string, { readonly default?: unknown; readonly description?: string }>>;
}

const project = parse(readFileSync(path.resolve("Pulumi.yaml"), "utf8")) as Project;

/** What the configuration's error lists; empty when there is none. */
function problemsOf(values: Record<string, unknown>, place: typeof PLACE | { region: undefined } = PLACE): string[] {
  try {
    parseConfig(values, { ...PLACE, ...place });
    return [];
  } catch (error) {
    return (error as Error).message.split("\n  ").slice(1);
  }
}

const pool = (changes: Record<string, unknown>) => ({ name: "edge", min: 1, max: 2, edge: true, ...changes });

describe("configuration", () => {
  it("is complete without any key being set", () => {
    expect(parseConfig({}, PLACE)).toEqual({
      project: "cluster",
      stack: "dev",
      cluster: "cluster-dev",
      region: "eu-west-1",
      vpcCidr: "10.42.0.0/16",
      zones: 2,
      natGateways: "single",
      flowLogs: false,
      logRetentionDays: 30,
      ownEncryptionKey: false,
      operatorCidrs: [],
      bastion: {
        enabled: true,
        instanceType: "t3.nano",
        image: { owner: "136693071363", name: "debian-12-amd64-*" },
        publicKey: undefined,
      },
      serverCount: 3,
      serverInstanceType: "t3.small",
      serverVolumeGiB: 10,
      workerPools: [
        {
          ...{ name: "workers", min: 2, max: 4, desired: 2, needPercent: 75 },
          ...{ instanceTypes: ["t3.small"], spotPercent: 0, edge: true },
        },
      ],
      workerVolumeGiB: 20,
      monitoring: true,
      alarmTopicArn: undefined,
      hostImage: { owner: "136693071363", name: "debian-12-amd64-*" },
      nomad: { version: "1.11.3", sha256: "19dac5642a2ba5305e6ff8efee06a708d760ebe4d1cd7936bc3dc526f477dc12" },
      consul: { version: "1.22.7", sha256: "fe25cecd8dd3552a8e5b0941cde1d79bb6004eac384aa45679dd1398f947201d" },
      releasesUrl: "https://releases.hashicorp.com",
      datacenter: "dc1",
      rotation: { certificates: 1, gossipKeys: 1, tokens: 1 },
      backups: { everyMinutes: 60, keepDays: 30 },
      certificate: undefined,
      traefik: { image: undefined, version: "3.6.12", cpuMhz: 200, memoryMib: 128 },
      backend: { image: undefined, count: 3, cpuMhz: 100, memoryMib: 128, greeting: "Hello from the backend" },
      frontend: { image: undefined, count: 3, cpuMhz: 100, memoryMib: 128, title: "Frontend" },
      readyTimeoutSeconds: 600,
      protect: false,
      addresses: { nomad: undefined, consul: undefined },
    });
  });

  it("has the defaults that Pulumi.yaml names, so that both ways of getting them agree", () => {
    const defaults = Object.entries(project.config).map(([key, { default: value }]) => [key, value]);
    expect(parseConfig(Object.fromEntries(defaults), PLACE)).toEqual(parseConfig({}, PLACE));
  });

  it("reads exactly the keys that Pulumi.yaml declares and describes", () => {
    const known = /expected one of (.*), got/.exec(problemsOf({ unknown: 1 })[0]!)![1];
    expect(known).toBe(Object.keys(project.config).sort().join(", "));
    for (const { description } of Object.values(project.config)) expect(description).toMatch(/\.$/);
  });

  it("has a default for every key, without which the engine would demand a value in every stack", () => {
    const without = Object.entries(project.config).filter(([, { default: value }]) => value === undefined);
    expect(without).toEqual([]);
  });

  it("is frozen all the way down", () => {
    const config = parseConfig({}, PLACE);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.workerPools[0]!.instanceTypes)).toBe(true);
  });

  it("drops the known checksum with the known version", () => {
    expect(parseConfig({ nomadVersion: "1.11.4" }, PLACE).nomad).toEqual({ version: "1.11.4", sha256: undefined });
    const sha256 = "a".repeat(64);
    expect(parseConfig({ consulVersion: "1.22.8", consulSha256: sha256 }, PLACE).consul).toEqual({
      version: "1.22.8",
      sha256,
    });
  });

  it("wants a pool's desired size to be its smallest where none is given", () => {
    const { workerPools } = parseConfig({ workerPools: [pool({ min: 3, max: 9 })] }, PLACE);
    expect(workerPools).toEqual([
      {
        ...{ name: "edge", min: 3, max: 9, desired: 3, needPercent: 75 },
        ...{ instanceTypes: ["t3.small"], spotPercent: 0, edge: true },
      },
    ]);
  });

  it("takes a certificate together with its host name", () => {
    const certificateArn = "arn:aws:acm:eu-west-1:123456789012:certificate/0f1e";
    expect(parseConfig({ certificateArn, hostname: "www.example.com" }, PLACE).certificate).toEqual({
      arn: certificateArn,
      hostname: "www.example.com",
    });
  });
});

describe("configuration errors", () => {
  it("are reported together, under the stack's name", () => {
    expect(() => parseConfig({ zones: 0, serverCount: 2 }, PLACE)).toThrow(
      "The configuration of stack dev has 2 problems:\n" +
        "  zones: expected an integer from 2 to 8 (an application load balancer takes no fewer), got 0; set it with: pulumi config set zones 2\n" +
        "  serverCount: expected 1, 3 or 5 (a majority of them has to survive a failure), got 2; " +
        "set it with: pulumi config set serverCount 3",
    );
    expect(() => parseConfig({ zones: 0 }, PLACE)).toThrow("The configuration of stack dev has a problem:\n  zones: ");
  });

  const cases: readonly [Record<string, unknown>, ...string[]][] = [
    [
      { vpcCidr: "10.42.0.0/24" },
      'vpcCidr: expected an IPv4 CIDR from /16 to /22 without host bits, not of loopback, link-local or multicast addresses, got "10.42.0.0/24"; set it with: pulumi config set vpcCidr 10.42.0.0/16',
    ],
    [
      { natGateways: "some" },
      'natGateways: expected none, single or per-zone, got "some"; set it with: pulumi config set natGateways single',
    ],
    [
      { natGateways: "none" },
      'hostImage.owner: expected an image with Docker, Nomad and Consul in it, as natGateways is none and hosts cannot download them, got "136693071363"; build one and set hostImage, or set natGateways to single',
    ],
    [
      { logRetentionDays: 31 },
      "logRetentionDays: expected 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 " +
        "(CloudWatch Logs knows no other), got 31; set it with: pulumi config set logRetentionDays 30",
    ],
    [{ flowLogs: "yes" }, 'flowLogs: expected true or false, got "yes"; set it with: pulumi config set flowLogs false'],
    [
      { operatorCidrs: ["203.0.113.7/24", 5] },
      "operatorCidrs[0]: expected an IPv4 CIDR without host bits, got \"203.0.113.7/24\"; set it with: pulumi config set --path 'operatorCidrs[0]' 203.0.113.7/32",
      "operatorCidrs[1]: expected an IPv4 CIDR without host bits, got 5; set it with: pulumi config set --path 'operatorCidrs[1]' 203.0.113.7/32",
    ],
    [
      { operatorCidrs: "203.0.113.7/32" },
      "operatorCidrs: expected a list of an IPv4 CIDR without host bits, got \"203.0.113.7/32\"; set it with: pulumi config set --path 'operatorCidrs[0]' 203.0.113.7/32",
    ],
    [{ bastion: true }, "bastion: expected an object, got true; write it as fields under bastion:"],
    [
      { bastion: { publicKey: "AAAA", size: "big" } },
      'bastion.publicKey: expected an OpenSSH public key, Ed25519 or RSA, got "AAAA"; set it with: pulumi config set --path \'bastion.publicKey\' "$(cat ~/.ssh/id_ed25519.pub)"',
      "bastion.size: expected one of enabled, image, instanceType, publicKey, got \"size\"; remove it with: pulumi config rm --path 'bastion.size'",
    ],
    [
      { serverInstanceType: "big" },
      'serverInstanceType: expected an EC2 instance type of x86-64, got "big"; set it with: pulumi config set serverInstanceType t3.small',
    ],
    [
      { serverVolumeGiB: 1.5 },
      "serverVolumeGiB: expected an integer from 1 to 1024, got 1.5; set it with: pulumi config set serverVolumeGiB 10",
    ],
    [
      { hostImage: { owner: "debian" } },
      "hostImage.owner: expected an account id of 12 digits, or self, got \"debian\"; set it with: pulumi config set --path 'hostImage.owner' 136693071363",
    ],
    [
      { nomadVersion: "latest" },
      'nomadVersion: expected a version such as 1.11.3, got "latest"; set it with: pulumi config set nomadVersion 1.11.3',
    ],
    [
      { consulSha256: "abc" },
      'consulSha256: expected a SHA-256 of 64 lower-case hexadecimal digits, got "abc"; set it with: pulumi config set consulSha256 ...',
    ],
    [
      { releasesUrl: "releases.example" },
      'releasesUrl: expected an http or https URL, got "releases.example"; set it with: pulumi config set releasesUrl https://releases.hashicorp.com',
    ],
    [
      { datacenter: "DC 1" },
      'datacenter: expected a lower-case name of at most 16 letters, digits and hyphens, got "DC 1"; set it with: pulumi config set datacenter dc1',
    ],
    [
      { hostname: "www.example.com" },
      "certificateArn: expected a value, as hostname has one, got nothing; set both for HTTPS, or neither for HTTP",
    ],
    [
      { traefik: { version: "v3" } },
      "traefik.version: expected a version such as 3.6.12, got \"v3\"; set it with: pulumi config set --path 'traefik.version' 3.6.12",
    ],
    [
      { traefik: { count: 2 } },
      "traefik.count: expected one of cpuMhz, image, memoryMib, version, got \"count\"; remove it with: pulumi config rm --path 'traefik.count'",
    ],
    [
      { backend: { count: 0, image: "backend" } },
      "backend.image: expected an image reference with a tag or digest, got \"backend\"; set it with: pulumi config set --path 'backend.image' repository@sha256:...",
      "backend.count: expected an integer from 1 to 1000, got 0; set it with: pulumi config set --path 'backend.count' 3",
    ],
    [
      { frontend: { title: 5 } },
      "frontend.title: expected a text of 1 to 1000 characters, not blank, without control characters and ${, got 5; set it with: pulumi config set --path 'frontend.title' Frontend",
    ],
    [
      { nomadAddress: "127.0.0.1:4646" },
      'nomadAddress: expected an https URL without a path, got "127.0.0.1:4646"; set it with: pulumi config set nomadAddress https://127.0.0.1:4646',
    ],
    [
      { workerPools: {} },
      "workerPools: expected a list of objects, got {}; write it as a list of fields under workerPools:",
    ],
    [
      { workerPools: [pool({ edge: false })] },
      "workerPools: expected at least one pool with edge: true, for Traefik to run on, got [\"edge\"]; set it with: pulumi config set --path 'workerPools[0].edge' true",
    ],
    [
      { workerPools: [pool({}), pool({ edge: false })] },
      'workerPools[1].name: expected a name that no other pool has, got "edge"; give each pool its own',
    ],
    [
      { workerPools: [pool({ name: undefined })] },
      "workerPools[0].name: expected a name, got nothing; set it with: pulumi config set --path 'workerPools[0].name' inner",
    ],
    [
      { workerPools: [pool({ min: 3, max: 2 })] },
      "workerPools[0].max: expected an integer from 3 to 1000 (at least min), got 2; set it with: pulumi config set --path 'workerPools[0].max' 4",
    ],
    [
      { workerPools: [pool({ desired: 9 })] },
      "workerPools[0].desired: expected an integer from 1 to 2 (between min and max), got 9; set it with: pulumi config set --path 'workerPools[0].desired' 1",
    ],
    [
      { workerPools: [pool({ instanceTypes: [] })] },
      "workerPools[0].instanceTypes: expected at least one EC2 instance type, got []; set it with: pulumi config set --path 'workerPools[0].instanceTypes[0]' t3.small",
    ],
    [
      { alarmTopicArn: "alarms" },
      'alarmTopicArn: expected the ARN of a standard SNS topic, got "alarms"; set it with: pulumi config set alarmTopicArn arn:aws:sns:...',
    ],
    [
      { workerPools: [pool({ needPercent: 101 })] },
      "workerPools[0].needPercent: expected an integer from 0 to 100 (0: never scaled), got 101; set it with: pulumi config set --path 'workerPools[0].needPercent' 75",
    ],
    [
      { workerPools: [pool({ spotPercent: 101 })] },
      "workerPools[0].spotPercent: expected an integer from 0 to 100, got 101; set it with: pulumi config set --path 'workerPools[0].spotPercent' 0",
    ],
  ];

  it.each(cases)("%j is refused by name, with the remedy", (values, ...problems) => {
    expect(problemsOf(values)).toEqual(problems);
  });

  const topic = "arn:aws:sns:eu-west-1:123456789012:alarms";
  const arn = "arn:aws:acm:us-east-1:123456789012:certificate/0f1e";
  const late: readonly [string, string, Record<string, unknown>][] = [
    ["backend.greeting", "is longer than the app takes", { backend: { greeting: "x".repeat(1001) } }],
    ["backend.greeting", "is blank, which every page shows", { backend: { greeting: " \t" } }],
    ["backend.greeting", "holds what no environment variable can", { backend: { greeting: "a\0b" } }],
    ["backend.greeting", "holds what UTF-8 cannot", { backend: { greeting: "\ud800" } }],
    ["backend.greeting", "holds what Nomad would replace", { backend: { greeting: "I am ${NOMAD_ALLOC_ID}" } }],
    ["frontend.title", "breaks its line", { frontend: { title: "two\nlines" } }],
    ["frontend.memoryMib", "ends the app as it starts", { frontend: { memoryMib: 63 } }],
    ["traefik.memoryMib", "ends Traefik as it starts", { traefik: { memoryMib: 63 } }],
    ["backend.image", "has a scheme", { backend: { image: "https://registry.example/backend:1" } }],
    ["backend.image", "has a port where a tag is wanted", { backend: { image: "localhost:5000/backend" } }],
    ["frontend.image", "has capitals in its path", { frontend: { image: "registry.example/Frontend:1" } }],
    ["traefik.image", "has half a digest", { traefik: { image: "traefik@sha256:0f1e" } }],
    ["vpcCidr", "is loopback", { vpcCidr: "127.0.0.0/16" }],
    ["vpcCidr", "is link-local, as the hosts' own DNS is", { vpcCidr: "169.254.0.0/16" }],
    ["vpcCidr", "is multicast", { vpcCidr: "239.0.0.0/16" }],
    ["operatorCidrs[1]", "repeats what AWS has a rule for", { operatorCidrs: ["10.0.0.0/8", "10.0.0.0/8"] }],
    [
      "bastion.publicKey",
      "is of a kind that EC2 does not import",
      { bastion: { publicKey: "ecdsa-sha2-nistp256 AAAAE2VjZHNh" } },
    ],
    ["bastion.publicKey", "is cut off", { bastion: { publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0w" } }],
    ["bastion.instanceType", "is Graviton", { bastion: { instanceType: "t4g.nano" } }],
    ["serverInstanceType", "is Graviton", { serverInstanceType: "im4gn.large" }],
    ["serverInstanceType", "has no generation", { serverInstanceType: "t.small" }],
    ["serverInstanceType", "has no size", { serverInstanceType: "t3.smal" }],
    [
      "workerPools[0].instanceTypes[1]",
      "is there already",
      { workerPools: [pool({ instanceTypes: ["t3.small", "t3.small"] })] },
    ],
    ["workerPools", "begins without a worker for Traefik", { workerPools: [pool({ min: 0 })] }],
    ["releasesUrl", "is no URL", { releasesUrl: "https://mirror.example:99999" }],
    ["consulAddress", "is no URL", { consulAddress: "https://127.0.0.1:99999" }],
    ["consulAddress", "has more than a host and a port", { consulAddress: "https://127.0.0.1:8501?dc=dc1" }],
    ["alarmTopicArn", "is of another region", { alarmTopicArn: "arn:aws:sns:us-east-1:123456789012:alarms" }],
    ["alarmTopicArn", "is of a kind that alarms do not reach", { alarmTopicArn: `${topic}.fifo` }],
    ["certificateArn", "is of another region", { certificateArn: arn, hostname: "www.example.com" }],
  ];

  it.each(late)("name %s before anything is created when it %s", (key, _what, values) => {
    expect(problemsOf(values).map((problem) => problem.split(": expected ")[0])).toEqual([key]);
  });

  it("name a host name whose label is longer than DNS takes", () => {
    const certificateArn = arn.replace("us-east-1", "eu-west-1");
    const named = (hostname: string) => problemsOf({ certificateArn, hostname })[0]?.split(":")[0];
    expect(named(`${"a".repeat(64)}.example.com`)).toBe("hostname");
    expect(named(`${"a".repeat(63)}.example.com`)).toBeUndefined();
  });

  it.each([
    [{ backend: { image: "localhost:5000/team/backend:1.2" } }],
    [{ backend: { image: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:1@sha256:${"0f".repeat(32)}` } }],
    [
      {
        workerPools: [
          pool({ instanceTypes: ["g4dn.xlarge", "u7i-6tb.112xlarge", "c7i.metal-24xl", "x2iedn.32xlarge"] }),
        ],
      },
    ],
    [{ vpcCidr: "100.64.0.0/16" }],
    [{ nomadAddress: "https://[::1]:4646", consulAddress: "https://consul.example" }],
    [{ releasesUrl: "http://mirror.example:8080/hashicorp/" }],
    [{ certificateArn: arn.replace("us-east-1", "eu-west-1"), hostname: "shop.xn--p1ai" }],
    [{ alarmTopicArn: topic, monitoring: false }],
    [{ bastion: { publicKey: `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ${"C".repeat(340)}== somebody@somewhere` } }],
  ])("do not name %j, which is right", (values) => {
    expect(problemsOf(values)).toEqual([]);
  });

  it("name the region that is missing", () => {
    expect(problemsOf({}, { region: undefined })).toEqual([
      "aws:region: expected a region of AWS, got nothing; set it with: pulumi config set aws:region eu-west-1",
    ]);
  });

  it("name a region that hosts could not be told", () => {
    expect(problemsOf({}, { ...PLACE, region: "Ireland" })).toEqual([
      'aws:region: expected a region of AWS, got "Ireland"; set it with: pulumi config set aws:region eu-west-1',
    ]);
  });

  it("name a stack that no tag or path can be made of", () => {
    expect(() => parseConfig({}, { ...PLACE, stack: "My_Stack" })).toThrow(
      "stack: expected a name of lower-case letters, digits and single hyphens, with cluster- in front of it at most 40 long, " +
        'got "My_Stack"; choose another with: pulumi stack rename',
    );
  });
});

import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

/** One registration, as the engine would have got it. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly provider: string | undefined;
  /** With secrets unwrapped; `secrets` names the properties that were. */
  readonly inputs: Record<string, any>;
  readonly secrets: readonly string[];
  readonly options: RegisteredOptions;
}

/** Resource options, as the engine would have got them; parents and dependencies by name. */
export interface RegisteredOptions {
  readonly parent: string | undefined;
  readonly protect: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly deletedWith: string | undefined;
  readonly ignoreChanges: readonly string[];
  readonly dependsOn: readonly string[];
  /** Which resources each input was made from, as `type::name`. */
  readonly madeFrom: Readonly<Record<string, readonly string[]>>;
  readonly version: string;
  readonly createTimeout: string;
  readonly secretOutputs: readonly string[];
}

const SECRET_MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** What AWS would answer with, by type, on top of the inputs. */
const OUTPUTS: Record<string, (name: string, inputs: Record<string, any>) => Record<string, unknown>> = {
  "aws:ec2/instance:Instance": (name) => ({ privateIp: "10.42.0.10", publicIp: "198.51.100.10", arn: `arn:${name}` }),
  "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1 }),
  "aws:lb/loadBalancer:LoadBalancer": (name) => ({
    arn: `arn:${name}`,
    arnSuffix: `app/${name}/0123456789abcdef`,
    dnsName: `${name}.elb.example`,
  }),
  "aws:lb/targetGroup:TargetGroup": (name) => ({
    arn: `arn:${name}`,
    arnSuffix: `targetgroup/${name}/0123456789abcdef`,
  }),
  "aws:autoscaling/group:Group": (name) => ({ name, arn: `arn:${name}` }),
  "aws:iam/role:Role": (name) => ({ name, arn: `arn:${name}` }),
  "aws:iam/instanceProfile:InstanceProfile": (name) => ({ name, arn: `arn:${name}` }),
  "aws:kms/key:Key": (name) => ({ keyId: `${name}-id`, arn: `arn:${name}` }),
  "aws:ecr/repository:Repository": (_, inputs) => ({
    registryId: "123456789012",
    repositoryUrl: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/${inputs.name}`,
  }),
  "random:index/randomPassword:RandomPassword": (name) => ({ result: `PASSWORD OF ${name}` }),
  "tls:index/privateKey:PrivateKey": (name) => ({ privateKeyPem: `KEY OF ${name}\n` }),
  "tls:index/selfSignedCert:SelfSignedCert": (name) => ({ certPem: `CERTIFICATE ${name}\n` }),
  "tls:index/certRequest:CertRequest": (name) => ({ certRequestPem: `REQUEST ${name}\n` }),
  "tls:index/locallySignedCert:LocallySignedCert": (name) => ({ certPem: `CERTIFICATE ${name}\n` }),
  "docker-build:index:Image": (name) => ({ digest: `sha256:${name}`, ref: `${name}@sha256:${name}` }),
};

const CALLS: Record<string, Record<string, unknown>> = {
  "aws:index/getAvailabilityZones:getAvailabilityZones": {
    // Not in order, as the API may answer.
    names: ["eu-west-1c", "eu-west-1a", "eu-west-1b"],
  },
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "123456789012" },
  "aws:ec2/getAmi:getAmi": { id: "ami-0debian", rootDeviceName: "/dev/xvda" },
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": {
    userName: "AWS",
    password: "registry-password",
    proxyEndpoint: "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
  },
};

/** Records every registration and call; a call that it has no answer for is an error. In a preview, ids are unknown. */
export class RecordingMocks implements pulumi.runtime.Mocks {
  readonly registrations: Registration[] = [];
  readonly calls: { readonly token: string; readonly inputs: Record<string, any> }[] = [];
  readonly unknownCalls: string[] = [];

  constructor(private readonly mode: "up" | "preview") {}

  newResource(args: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult {
    const secrets: string[] = [];
    const inputs: Record<string, any> = {};
    for (const [key, value] of Object.entries(args.inputs as Record<string, unknown>)) {
      inputs[key] = unwrap(value, () => secrets.push(key));
    }
    const { type, name, provider, custom = true } = args;
    const options = optionsOf.get(`${type}::${name}`)!;
    this.registrations.push({ type, name, custom, provider, inputs, secrets, options });
    if (!custom || this.mode === "preview") return { id: undefined, state: { ...args.inputs } };
    return { id: idOf(type, name), state: { arn: `arn:${name}`, ...args.inputs, ...OUTPUTS[type]?.(name, inputs) } };
  }

  call(args: pulumi.runtime.MockCallArgs): pulumi.runtime.MockCallResult {
    this.calls.push(args);
    const answer = CALLS[args.token];
    if (answer === undefined) {
      this.unknownCalls.push(args.token);
      throw new Error(`no answer for ${args.token}`);
    }
    return { ...args.inputs, ...answer };
  }

  /** Custom resources of a type, by name. */
  ofType(type: string): Record<string, Registration> {
    const found = this.registrations.filter((registration) => registration.type === type);
    return Object.fromEntries(found.map((registration) => [registration.name, registration]));
  }

  /** How many of each type were registered, in order of type. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { type } of [...this.registrations].sort((a, b) => (a.type < b.type ? -1 : 1)))
      counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  }
}

/** Makes this test file's Pulumi talk to mocks. Once a file: Pulumi keeps its settings in the file's globals. */
export async function startMocks(mode: "up" | "preview", stack = "test"): Promise<RecordingMocks> {
  const mocks = new RecordingMocks(mode);
  recordOptions();
  await pulumi.runtime.setMocks(mocks, "cluster", stack, mode === "preview");
  return mocks;
}

const QUIET_MS = 100;

/** Waits until nothing has been registered for a while: Pulumi tells nobody when the last registration was. */
export async function settle(mocks: RecordingMocks): Promise<void> {
  for (let before = -1; before !== mocks.registrations.length;) {
    before = mocks.registrations.length;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
  if (mocks.unknownCalls.length > 0) throw new Error(`no answer for ${mocks.unknownCalls.join(", ")}`);
}

const optionsOf = new Map<string, RegisteredOptions>();

/** Mocks are not told of options, so they are read from the request on its way to them. */
function recordOptions(): void {
  const register = MockMonitor.prototype.registerResource;
  const nameOf = (urn: string): string | undefined => urn.split("::").at(-1) || undefined;
  MockMonitor.prototype.registerResource = function (this: MockMonitor, request: any, callback: any) {
    optionsOf.set(`${request.getType()}::${request.getName()}`, {
      parent: nameOf(request.getParent()),
      protect: request.getProtect(),
      deleteBeforeReplace: request.getDeletebeforereplace(),
      deletedWith: nameOf(request.getDeletedwith()),
      ignoreChanges: request.getIgnorechangesList(),
      dependsOn: request.getDependenciesList().map(nameOf).sort(),
      madeFrom: Object.fromEntries(
        [...request.getPropertydependenciesMap().entries()].map(([property, targets]) => [
          property,
          targets.getUrnsList().map((urn: string) => `${urn.split("::").at(-2)!.split("$").at(-1)}::${nameOf(urn)}`),
        ]),
      ),
      version: request.getVersion(),
      secretOutputs: request.getAdditionalsecretoutputsList(),
      createTimeout: request.getCustomtimeouts()?.getCreate() ?? "",
    });
    return register.call(this, request, callback);
  };
}

/** Ids as AWS makes them where somebody looks at their form, else `<name>-id`. */
function idOf(type: string, name: string): string {
  return type === "aws:ebs/volume:Volume" ? `vol-${Buffer.from(name).toString("hex")}` : `${name}-id`;
}

function unwrap(value: unknown, onSecret: () => void): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => unwrap(item, onSecret));
  const fields = value as Record<string, unknown>;
  if (fields[SECRET_MARK] === SECRET) {
    onSecret();
    return unwrap(fields.value, onSecret);
  }
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, unwrap(item, onSecret)]));
}

/** The value of an output, once it is known. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

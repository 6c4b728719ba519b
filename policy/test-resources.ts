import type {
  Policies,
  PolicyResource,
  PolicyResourceOptions,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";

/** A resource as a test has it. */
export interface TestResource {
  readonly type: string;
  /** Its type, unless given. */
  readonly name?: string;
  /** `dev`, unless given. */
  readonly stack?: string;
  readonly props?: object;
  readonly protect?: boolean;
  /** Resources of the same stack that a property was made from. */
  readonly madeFrom?: Readonly<Record<string, readonly TestResource[]>>;
}

/** A violation: which rule, of which resource, what it says. */
export interface Violation {
  readonly rule: string;
  readonly resource: string;
  readonly message: string;
}

const urnOf = ({ type, name = type, stack = "dev" }: TestResource): string =>
  `urn:pulumi:${stack}::cluster::${type}::${name}`;

/** What policies of both kinds get of a resource. */
function common({ type, name = type, props = {}, protect = false }: TestResource) {
  const opts: PolicyResourceOptions = {
    protect,
    ignoreChanges: [],
    aliases: [],
    additionalSecretOutputs: [],
    customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
  };
  return { type, name, props, opts, isType: () => false, asType: () => undefined };
}

function notApplicable(): never {
  throw new Error("no rule says so by itself");
}

/** Runs rules over a stack, as the engine would at the end of a preview in which every value is known. */
export function violations(
  policies: Policies,
  resources: readonly TestResource[],
  config: Readonly<Record<string, object>> = {},
): Violation[] {
  const found: Violation[] = [];
  const byUrn = new Map<string, PolicyResource>();
  for (const resource of resources) {
    byUrn.set(urnOf(resource), {
      ...common(resource),
      urn: urnOf(resource),
      dependencies: [],
      propertyDependencies: {},
    });
  }
  for (const resource of resources) {
    const { propertyDependencies } = byUrn.get(urnOf(resource))!;
    for (const [property, targets] of Object.entries(resource.madeFrom ?? {})) {
      propertyDependencies[property] = targets.map((target) => byUrn.get(urnOf(target))!);
    }
  }
  for (const policy of policies) {
    const context = {
      stackTags: new Map<string, string>(),
      getConfig: <T extends object>() => (config[policy.name] ?? {}) as T,
      notApplicable,
    };
    const note = (urn: string) => (message: string, other?: string) => {
      found.push({ rule: policy.name, resource: byUrn.get(other ?? urn)?.name ?? "", message });
    };
    if ("validateStack" in policy) {
      void policy.validateStack({ ...context, resources: [...byUrn.values()] }, note(""));
      continue;
    }
    for (const [urn, resource] of byUrn) {
      const args: ResourceValidationArgs = { ...resource, ...context, urn, asType: () => undefined };
      for (const validate of [policy.validateResource ?? []].flat()) void validate(args, note(urn));
    }
  }
  return found;
}

/** What one rule says of these resources. */
export function judge(
  policy: ResourceValidationPolicy | StackValidationPolicy,
  resources: TestResource | readonly TestResource[],
  config: object = {},
): string[] {
  return violations([policy], [resources].flat(), { [policy.name]: config }).map(({ message }) => message);
}

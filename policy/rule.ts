import type { PolicyResource, ResourceValidation, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";

/** Says what is wrong with the resource at hand. */
export type Report = (message: string) => void;

/**
 * A check of resources of some types, by the inputs that it reads. An input that a preview does not know yet ends the check of
 * that resource with a note; it is made up for when the resource is really created.
 */
export function ofType<Inputs>(
  types: string | readonly string[],
  check: (inputs: Inputs, report: Report, resource: ResourceValidationArgs) => void,
): ResourceValidation {
  return (args, reportViolation) => {
    if ([types].flat().includes(args.type)) check(args.props as Inputs, (message) => reportViolation(message), args);
  };
}

/** The text of a violation: which property, what was expected, what there is, and how to put it right. */
export function violation(property: string, expected: string, got: unknown, remedy: string): string {
  const shown = got === undefined || got === null ? "nothing" : JSON.stringify(got);
  return `${property}: expected ${expected}, got ${shown}; ${remedy}`;
}

/** Every resource of a type that a stack has. */
export function allOfType(args: StackValidationArgs, type: string): PolicyResource[] {
  return args.resources.filter((resource) => resource.type === type);
}

/** The stack's resources that a property was made from. Known in a preview too, when the property's value is not. */
export function madeFrom(resource: PolicyResource, property: string): readonly PolicyResource[] {
  return resource.propertyDependencies[property] ?? [];
}

/** Whether any of `resources` has `target` in the property. */
export function isNamedBy(resources: readonly PolicyResource[], property: string, target: PolicyResource): boolean {
  return resources.some((resource) => madeFrom(resource, property).some(({ urn }) => urn === target.urn));
}

/** Project and stack of a resource, from its URN: `urn:pulumi:<stack>::<project>::<types>::<name>`. */
export function whereabouts(urn: string): { readonly project: string; readonly stack: string } {
  const [prefix = "", project = ""] = urn.split("::");
  return { project, stack: prefix.replace(/^urn:pulumi:/, "") };
}

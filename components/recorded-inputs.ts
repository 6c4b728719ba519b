import * as pulumi from "@pulumi/pulumi";

/**
 * What a component records as its inputs: the plain part of its arguments. With other resources among them, Pulumi would hold
 * back the component, and all of its children, until those resources exist: images would not be built before the cluster answers.
 */
export function recordedInputs(args: object): pulumi.Inputs {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => isPlain(value)));
}

function isPlain(value: unknown): boolean {
  if (pulumi.Resource.isInstance(value) || pulumi.Output.isInstance(value)) return false;
  if (Array.isArray(value)) return value.every(isPlain);
  return typeof value !== "object" || value === null || Object.values(value).every(isPlain);
}

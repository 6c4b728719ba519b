import { HOST_MUTATIONS } from "./mutations-hosts";
import { SERVICE_MUTATIONS } from "./mutations-services";
import type { StackCopy } from "./stack-copy";

/** What is done to the program's resources, the rule that has to notice it, and of which resource. */
export type Mutation = readonly [rule: string, resource: string, what: string, change: (stack: StackCopy) => void];

export const MUTATIONS: readonly Mutation[] = [...HOST_MUTATIONS, ...SERVICE_MUTATIONS];

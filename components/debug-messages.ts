import { log } from "@pulumi/pulumi";

/**
 * Pulumi's runtime tells the engine several times a resource what it is doing, in a request each, and each waits for the one before: nobody sees it but
 * with `pulumi up --debug`, and it is a third of the time that a preview takes. From here on it is told only if CLUSTER_DEBUG_MESSAGES is set.
 */
export function skipDebugMessages(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment["CLUSTER_DEBUG_MESSAGES"]) return;
  Object.assign(log, { debug: () => Promise.resolve() });
}

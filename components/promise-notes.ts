/**
 * Pulumi notes of each promise, which is several times a resource, where it was made: a text that it shows only when PULUMI_DEBUG_PROMISE_LEAKS is
 * set. ts-node, which runs the program on Pulumi's behalf, looks up each line of it in source maps, and that is most of the time that the
 * program takes. From here on these notes are left empty, unless they can be shown. Other stacks are as before.
 */
export function skipPromiseNotes(environment: NodeJS.ProcessEnv = process.env): void {
  const { prepareStackTrace } = Error;
  // Where nobody looks up lines, the notes cost little.
  if (environment["PULUMI_DEBUG_PROMISE_LEAKS"] || prepareStackTrace === undefined) return;
  Error.prepareStackTrace = (error, sites) =>
    sites[0]?.getFunctionName() === "debuggablePromise" ? "" : prepareStackTrace(error, sites);
}

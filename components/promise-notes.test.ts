import { readFileSync } from "node:fs";
import { skipPromiseNotes } from "./promise-notes";

/** As Pulumi's function of this name, in its runtime, takes its notes. */
function debuggablePromise(): string {
  return new Error().stack!;
}

describe("skipPromiseNotes", () => {
  const before = Error.prepareStackTrace;
  beforeEach(() => {
    Error.prepareStackTrace = (error) => `looked up: ${error.message}`;
  });
  afterEach(() => {
    Error.prepareStackTrace = before;
  });

  it("leaves Pulumi's notes of promises empty, and other stacks as they are", () => {
    skipPromiseNotes({});
    expect(debuggablePromise()).toBe("");
    expect(new Error("what people read").stack).toBe("looked up: what people read");
  });

  it("leaves the notes alone when they are to be shown", () => {
    skipPromiseNotes({ PULUMI_DEBUG_PROMISE_LEAKS: "true" });
    expect(debuggablePromise()).toBe("looked up: ");
  });

  it("changes nothing where nobody looks up lines", () => {
    Object.assign(Error, { prepareStackTrace: undefined });
    skipPromiseNotes({});
    expect(Error.prepareStackTrace).toBeUndefined();
  });

  it("knows Pulumi's function by the name that it has", () => {
    const source = readFileSync(require.resolve("@pulumi/pulumi/runtime/debuggable"), "utf8");
    expect(source).toContain("\nfunction debuggablePromise(");
  });
});

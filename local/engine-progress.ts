import type { DiagnosticEvent, EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";

const verbs: Record<string, [sign: string, planned: string, done: string]> = {
  create: ["+", "create", "created"],
  update: ["~", "update", "updated"],
  delete: ["-", "delete", "deleted"],
  replace: ["±", "replace", "replaced"],
  "create-replacement": ["+", "create replacement", "created replacement"],
  "delete-replaced": ["-", "delete replaced", "deleted replaced"],
  "discard-replaced": ["-", "discard replaced", "discarded"],
  read: [">", "read", "read"],
  refresh: ["~", "refresh", "refreshed"],
  import: ["=", "import", "imported"],
};
const QUIET_SECONDS = 10;

/** "aws:ec2/vpc:Vpc" as people say it: "aws:ec2:Vpc". */
const shortType = (type: string): string => type.replace(/^([^:]+):([^/:]+)\/[^:]+:/, "$1:$2:");
const nameOf = ({ urn }: { urn: string }): string => urn.split("::").slice(3).join("::");
/** Components, providers and the stack itself come and go without anything happening. */
const isReal = ({ type, new: news, old }: StepEventMetadata): boolean =>
  (news ?? old)?.custom === true && !type.startsWith("pulumi:");
const title = (step: StepEventMetadata): string => `${shortType(step.type)} ${nameOf(step)}`;

/**
 * A message without colours and without what says nothing about the program: the stack traces of the SDK's own code, the SDK's path
 * to an output that failed, and how the engine wraps the errors of a resource that exists but is not ready.
 */
const readable = (message: string): string =>
  message
    .replace(/<\{%[^%]*%\}>/g, "")
    .replace(/^ +at .*(node_modules|node:internal).*\n?/gm, "")
    .replace(/error serializing property "[^"]+": /g, "")
    .replace(/^(Unhandled exception: )?(Error: )?/, "")
    .replace(/^1 error occurred:\n\s*\* /, "")
    .trim();

interface Running {
  readonly step: StepEventMetadata;
  readonly since: number;
  said: number;
  status?: string;
}

/**
 * Turns the engine's events into lines: one for each change when it is done, one now and then for what takes long, with what its
 * provider last said of it, and the errors.
 */
export class Progress {
  readonly changes: Record<string, number> = {};
  readonly #preview: boolean;
  readonly #log: (line: string) => void;
  readonly #running = new Map<string, Running>();
  readonly #errors: string[] = [];
  readonly #started = Date.now();
  #heard = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(preview: boolean, log: (line: string) => void) {
    this.#preview = preview;
    this.#log = log;
    this.#timer = setInterval(() => this.#remind(), 1000);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  readonly take = (event: EngineEvent): void => {
    if (event.resourcePreEvent) this.#begin(event.resourcePreEvent.metadata);
    if (event.resOutputsEvent) this.#end(event.resOutputsEvent.metadata);
    if (event.resOpFailedEvent) this.#running.delete(event.resOpFailedEvent.metadata.urn);
    if (event.summaryEvent) Object.assign(this.changes, event.summaryEvent.resourceChanges);
    if (event.diagnosticEvent) this.#hear(event.diagnosticEvent);
  };

  #hear({ urn, message, severity, ephemeral }: DiagnosticEvent): void {
    const text = readable(message);
    const running = urn ? this.#running.get(urn) : undefined;
    if (severity === "error") this.#error(urn, text);
    else if (severity === "warning" || (severity.startsWith("info") && !ephemeral)) this.#say(text);
    else if (running) running.status = text;
    else if (severity.startsWith("info") && Date.now() - this.#heard >= QUIET_SECONDS * 1000) {
      // Passing words of the program itself: the first, and then one now and again.
      this.#heard = Date.now();
      this.#say(`… ${text}`);
    }
  }

  /** The error of a run: the engine's own messages, instead of the command line and its whole output. */
  explain(error: unknown, command: string): Error {
    if (this.#errors.length === 0) return error instanceof Error ? error : new Error(String(error));
    return new Error(`${command} failed after ${this.#elapsed()} s:\n${this.#errors.join("\n")}`, { cause: error });
  }

  #elapsed = (): number => Math.round((Date.now() - this.#started) / 1000);

  #say(line: string): void {
    this.#log(`[${String(this.#elapsed()).padStart(4)} s] ${line}`);
  }

  #begin(step: StepEventMetadata): void {
    const verb = verbs[step.op];
    if (!verb || !isReal(step)) return;
    if (this.#preview) {
      if (step.op !== "read" && step.op !== "refresh")
        this.#say(`${verb[0]} ${title(step)} ${verb[1]}${this.#why(step)}`);
    } else {
      this.#running.set(step.urn, { step, since: Date.now(), said: Date.now() });
    }
  }

  #why({ op, diffs }: StepEventMetadata): string {
    return diffs && diffs.length > 0 && op !== "create" && op !== "delete" ? ` (${diffs.join(", ")})` : "";
  }

  #end(step: StepEventMetadata): void {
    const running = this.#running.get(step.urn);
    const verb = verbs[step.op];
    if (!running || !verb) return;
    this.#running.delete(step.urn);
    if (["read", "refresh", "replace"].includes(step.op)) return;
    const seconds = (Date.now() - running.since) / 1000;
    const took = seconds >= 1 ? ` in ${seconds.toFixed(0)} s` : "";
    this.#say(`${verb[0]} ${title(step)} ${verb[2]}${took}${this.#why(step)}`);
  }

  #error(urn: string | undefined, text: string): void {
    // The engine's last word repeats that something failed, which the errors before it have said better.
    if (/^(update|preview|destroy|refresh) failed$/.test(text)) return;
    const line = urn && !text.includes(nameOf({ urn })) ? `${nameOf({ urn })}: ${text}` : text;
    if (this.#errors.includes(line)) return;
    this.#errors.push(line);
    this.#say(`error: ${line}`);
  }

  #remind(): void {
    for (const running of this.#running.values()) {
      const { step, since, status } = running;
      if (Date.now() - running.said < QUIET_SECONDS * 1000) continue;
      running.said = Date.now();
      const seconds = Math.round((Date.now() - since) / 1000);
      this.#say(`… ${title(step)}: ${verbs[step.op]?.[1]}, ${seconds} s so far${status ? `: ${status}` : ""}`);
    }
  }
}

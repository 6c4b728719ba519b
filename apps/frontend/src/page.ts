import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { BackendResult } from "./backend-client";
import type { Env } from "./env";
import { authority, type Instance } from "./discovery/instance";

/** Next to src/, and to dist/ with the bundle. */
export const viewsFolder = path.join(__dirname, "..", "views");

/** On one line, so that the page stays readable where nobody styles it: `curl`, a log, a diff. */
export const style = readFileSync(path.join(viewsFolder, "style.css"), "utf8").replace(/\s+/g, " ").trim();

/** Allows the one style sheet that the page carries inside, and nothing else. */
export const styleSource = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;

/** What views/page.eta shows, and nothing that needs a decision there. */
export interface PageModel {
  readonly style: string;
  readonly title: string;
  readonly frontend: readonly Field[];
  readonly backend: readonly Field[];
  readonly discovery: readonly Field[];
  readonly instances: readonly { readonly address: string; readonly state: string; readonly answered: boolean }[];
  /** What a person has to know first. */
  readonly notice?: { readonly kind: "warning" | "failure"; readonly heading: string; readonly text: string };
}

/** `id` is the element's, for whoever reads the page by program. */
interface Field {
  readonly id: string;
  readonly term: string;
  readonly value: string;
}

const field = (id: string, term: string, value: string): Field => ({ id, term, value });

export interface PageInput {
  readonly env: Env;
  readonly requestId: string;
  /** The name that was looked up. */
  readonly name: string;
  readonly result: BackendResult;
  readonly isCooling: (instance: Instance) => boolean;
}

export function pageModel({ env, requestId, name, result, isCooling }: PageInput): PageModel {
  const answered = result.outcome === "answered" ? result : undefined;
  const discovery = result.outcome === "discovery-failed" ? undefined : result.discovery;
  const failures = result.outcome === "discovery-failed" ? [] : result.failures;
  return {
    style,
    title: env.TITLE,
    frontend: [
      field("frontend-title", "Title", env.TITLE),
      field("frontend-environment", "Environment", env.ENVIRONMENT),
      field("frontend-instance", "Instance", env.NOMAD_ALLOC_ID),
      field("frontend-host", "Host", env.NODE_NAME),
      field("frontend-address", "Address", env.NOMAD_HOST_ADDR_http),
      field("request-id", "Request", requestId),
    ],
    backend: answered
      ? [
          field("backend-greeting", "Greeting", answered.values.greeting),
          field("backend-environment", "Environment", answered.values.environment),
          field("backend-instance", "Instance", answered.values.instance.id),
          field("backend-host", "Host", answered.values.instance.host),
          field("backend-address", "Address", authority(answered.instance)),
        ]
      : [],
    discovery: [
      field("discovery-name", "Name", name),
      field("discovery-source", "Answer", discovery ? sourceText[discovery.source] : "none"),
      field("discovery-age", "Age", discovery ? seconds(discovery.ageMs) : "none"),
      field("discovery-count", "Instances", String(discovery?.instances.length ?? 0)),
      field("discovery-attempts", "Failed attempts", failures.map(attemptText).join(", ") || "none"),
    ],
    instances: (discovery?.instances ?? []).map((instance) => {
      const isAnswer = answered !== undefined && authority(answered.instance) === authority(instance);
      const state = isAnswer ? "answered this request" : isCooling(instance) ? "failed lately, avoided" : "known";
      return { address: authority(instance), state, answered: isAnswer };
    }),
    notice: notice(result, name),
  };
}

const sourceText = {
  fresh: "fresh: DNS was asked for this request",
  cached: "cached: reused for a moment",
  stale: "stale: the last good answer",
} as const;

function notice(result: BackendResult, name: string): PageModel["notice"] {
  switch (result.outcome) {
    case "discovery-failed": {
      const text = `Consul DNS does not answer for ${name} (${result.code}), and has not since this instance started.`;
      return { kind: "failure", heading: "The backend cannot be looked up", text };
    }
    case "none-registered":
      return { kind: "failure", heading: "There is no backend", text: noneText(name) };
    case "none-answered": {
      const text = `${result.discovery.instances.length} known, none answered in time: ${result.failures.map(attemptText).join(", ")}.`;
      return { kind: "failure", heading: "No backend answers", text };
    }
    case "answered": {
      const { source, failure, ageMs } = result.discovery;
      if (source !== "stale") return undefined;
      const reason = failure === "NONE" ? noneText(name) : `Consul DNS does not answer (${failure}).`;
      const text = `${reason} The instances are those of its last good answer, ${seconds(ageMs)} ago.`;
      return { kind: "warning", heading: "Discovery is stale", text };
    }
  }
}

function noneText(name: string): string {
  return `Consul knows no instance of ${name} that passes its health checks.`;
}

function attemptText({ instance, reason }: { readonly instance: Instance; readonly reason: string }): string {
  return `${authority(instance)} ${reason}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

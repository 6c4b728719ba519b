import os from "node:os";
import { Type, type Static, type TObject } from "typebox";
import { Value } from "typebox/value";

/**
 * The environment as the job file sets it. Each description completes the sentence "expected ...", because that is
 * what a person reads when the boot stops.
 */
const schema = Type.Object({
  ENVIRONMENT: Type.String({ minLength: 1, description: "the name of the environment, such as dev or prod" }),
  GREETING: Type.String({ minLength: 1, maxLength: 1000, description: "a text of 1 to 1000 characters" }),
  HOST: Type.String({ minLength: 1, default: "0.0.0.0", description: "an address to listen on" }),
  PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 3000, description: "a port from 0 to 65535" }),
  METRICS_PORT: Type.Integer({ minimum: 0, maximum: 65535, default: 9464, description: "a port from 0 to 65535" }),
  LOG_LEVEL: Type.Enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
    default: "info",
    description: "one of fatal, error, warn, info, debug, trace, silent",
  }),
  NODE_NAME: Type.String({ minLength: 1, default: os.hostname(), description: "the name of the host" }),
  // Both are set by Nomad itself; the defaults are for a start by hand.
  NOMAD_ALLOC_ID: Type.String({ minLength: 1, default: "unscheduled", description: "the id of the allocation" }),
  NOMAD_HOST_ADDR_http: Type.String({ minLength: 1, default: "unpublished", description: "address:port of the host" }),
});

export type Env = Readonly<Static<typeof schema>>;

/** Thrown before anything listens; the message has one line for each variable that is missing or wrong. */
export class EnvError extends Error {
  override readonly name = "EnvError";
}

/** Reads and validates the environment. Throws EnvError naming every variable at fault, not just the first. */
export function readEnv(source: NodeJS.ProcessEnv): Env {
  return Object.freeze(read(schema, source));
}

function read<T extends TObject>(object: T, source: NodeJS.ProcessEnv): Static<T> {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, property] of Object.entries(object.properties)) {
    const raw = source[name];
    const {
      type,
      description,
      default: fallback,
    } = property as { type?: string; description: string; default?: unknown };
    // Converted by hand: a lenient conversion would take "" for 0 and 1.5 for 1.
    const value = raw === undefined ? fallback : type === "integer" && /^-?\d+$/.test(raw) ? Number(raw) : raw;
    if (Value.Check(property, value)) values[name] = value;
    else faults.push(`${name}: expected ${description}, got ${raw === undefined ? "nothing" : JSON.stringify(raw)}`);
  }
  if (faults.length > 0) throw new EnvError(faults.join("\n"));
  return values as Static<T>;
}

/** Readers of single configuration values. Each notes what is wrong and goes on, so that all problems come up at once. */
import type { Form } from "./config-forms";

/** Collects problems as `path: expected X, got Y; how to fix`. */
export class Problems {
  readonly list: string[] = [];

  add(path: string, expected: string, got: unknown, fix: string): void {
    this.list.push(`${path}: expected ${expected}, got ${show(got)}; ${fix}`);
  }
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

/** `workerPools[0].min` -> how to set it. */
export function setCommand(path: string, example: string): string {
  const nested = /[.[]/.test(path);
  return nested
    ? `set it with: pulumi config set --path '${path}' ${example}`
    : `set it with: pulumi config set ${path} ${example}`;
}

/** An object from the configuration, read field by field. `path` is empty for the configuration itself. */
export class Fields {
  readonly #asked = new Set<string>();

  constructor(
    readonly problems: Problems,
    readonly path: string,
    private readonly values: Readonly<Record<string, unknown>>,
  ) {}

  at(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }

  /** The value as it is; undefined when absent. */
  raw(key: string): unknown {
    this.#asked.add(key);
    return this.values[key] ?? undefined;
  }

  text(key: string, fallback: string, valid: Form = /./, expected = "a text", example = fallback): string {
    return this.optionalText(key, valid, expected, example) ?? fallback;
  }

  /** An empty text counts as absent: it is how a default is taken back. */
  optionalText(key: string, valid: Form = /./, expected = "a text", example = "..."): string | undefined {
    const value = this.raw(key);
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string" && valid.test(value)) return value;
    this.problems.add(this.at(key), expected, value, setCommand(this.at(key), example));
    return undefined;
  }

  integer(key: string, fallback: number, min: number, max: number, why = ""): number {
    const value = this.raw(key);
    if (value === undefined) return fallback;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    const expected = `an integer from ${min} to ${max}${why === "" ? "" : ` (${why})`}`;
    const example = String(Math.min(Math.max(fallback, min), max));
    this.problems.add(this.at(key), expected, value, setCommand(this.at(key), example));
    return fallback;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.raw(key);
    if (value === undefined) return fallback;
    if (typeof value === "boolean") return value;
    this.problems.add(this.at(key), "true or false", value, setCommand(this.at(key), String(fallback)));
    return fallback;
  }

  choice<T extends string | number>(key: string, fallback: T, choices: readonly T[], why = ""): T {
    const value = this.raw(key);
    if (value === undefined) return fallback;
    if (choices.includes(value as T)) return value as T;
    const expected = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}${why === "" ? "" : ` (${why})`}`;
    this.problems.add(this.at(key), expected, value, setCommand(this.at(key), String(fallback)));
    return fallback;
  }

  /** A list of different texts that `valid` accepts; `expected` says what one of them is. */
  texts(key: string, fallback: readonly string[], valid: Form, expected: string, example: string) {
    const value = this.raw(key);
    if (value === undefined) return fallback;
    if (!Array.isArray(value)) {
      this.problems.add(this.at(key), `a list of ${expected}`, value, setCommand(`${this.at(key)}[0]`, example));
      return fallback;
    }
    value.forEach((item: unknown, index) => {
      const path = `${this.at(key)}[${index}]`;
      if (typeof item !== "string" || !valid.test(item))
        this.problems.add(path, expected, item, setCommand(path, example));
      else if (value.indexOf(item) !== index)
        this.problems.add(
          path,
          "a value that is not in the list yet",
          item,
          `remove it with: pulumi config rm --path '${path}'`,
        );
    });
    return value.filter((item): item is string => typeof item === "string");
  }

  /** A nested object; an absent one has no fields. */
  object(key: string): Fields {
    const value = this.raw(key);
    const valid = value === undefined || isObject(value);
    if (!valid) this.problems.add(this.at(key), "an object", value, `write it as fields under ${this.at(key)}:`);
    return new Fields(this.problems, this.at(key), valid ? ((value ?? {}) as Record<string, unknown>) : {});
  }

  /** A list of objects; undefined when absent. */
  objects(key: string): readonly Fields[] | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isObject)) {
      this.problems.add(
        this.at(key),
        "a list of objects",
        value,
        `write it as a list of fields under ${this.at(key)}:`,
      );
      return undefined;
    }
    return value.map((item, index) => new Fields(this.problems, `${this.at(key)}[${index}]`, item));
  }

  /** To be called last: a field that nobody asked for is a slip of the pen. */
  refuseUnknown(): void {
    for (const key of Object.keys(this.values)) {
      if (this.#asked.has(key)) continue;
      const known = [...this.#asked].sort().join(", ");
      this.problems.add(
        this.at(key),
        `one of ${known}`,
        key,
        `remove it with: pulumi config rm --path '${this.at(key)}'`,
      );
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { equal, isObject, type Props } from "./wire";

/**
 * The arguments of a resource: `"cidrBlock! tags rootBlockDevice{encrypted! volumeSize}"`. `!` marks an argument whose change
 * replaces the resource, braces hold the arguments of a block or of each block in a list. What has no braces takes any value.
 */
export interface Shape {
  readonly replaces: boolean;
  readonly fields?: ReadonlyMap<string, Shape>;
}

/** One changed argument, or one output that is out of date, by path: `metadataOptions.httpTokens`, `defaultActions[0].type`. */
export interface Change {
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
  /** An output, which differs from what it should be by itself. */
  readonly isOutput?: true;
}

const leaf: Shape = { replaces: false };

export function parseShape(text: string): Shape {
  const tokens = text.match(/[A-Za-z0-9_]+|[!{}]/g) ?? [];
  let position = 0;
  const fields = (): Map<string, Shape> => {
    const result = new Map<string, Shape>();
    while (position < tokens.length && tokens[position] !== "}") {
      const name = tokens[position++]!;
      const replaces = tokens[position] === "!";
      if (replaces) position++;
      if (tokens[position] !== "{") {
        result.set(name, { replaces });
        continue;
      }
      position++;
      result.set(name, { replaces, fields: fields() });
      position++;
    }
    return result;
  };
  return { replaces: false, fields: fields() };
}

/** Paths of arguments that the shape does not have, in the order given. */
export function unmodelled(shape: Shape, value: unknown, path = ""): string[] {
  if (!shape.fields) return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => unmodelled(shape, item, `${path}[${i}]`));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const field = shape.fields!.get(name);
    const at = path ? `${path}.${name}` : name;
    return field ? unmodelled(field, item, at) : [at];
  });
}

/** What differs between two sets of arguments. An unknown new value differs from every old one. */
export function changes(shape: Shape, olds: unknown, news: unknown, path = "", replaces = false): Change[] {
  if (equal(olds, news)) return [];
  const sample = news ?? olds;
  if (
    isObject(sample) &&
    isObject(olds ?? {}) &&
    isObject(news ?? {}) &&
    (shape.fields || path === "" || (olds && news))
  ) {
    const [before, after] = [(olds ?? {}) as Props, (news ?? {}) as Props];
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
      const field = shape.fields?.get(name) ?? leaf;
      const at = path ? `${path}.${name}` : name;
      return changes(field, before[name], after[name], at, replaces || field.replaces);
    });
  }
  if (
    Array.isArray(sample) &&
    Array.isArray(olds ?? []) &&
    Array.isArray(news ?? []) &&
    (shape.fields || (olds && news))
  ) {
    const [before, after] = [(olds ?? []) as unknown[], (news ?? []) as unknown[]];
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) =>
      changes(shape, before[i], after[i], `${path}[${i}]`, replaces),
    ).flat();
  }
  return [{ path, kind: olds === undefined ? "add" : news === undefined ? "delete" : "update", replaces }];
}

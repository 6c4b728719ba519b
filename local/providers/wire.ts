import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** Resource properties as they travel: JSON, with unknowns and secrets as marked values. Their types are the caller's to know. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each table entry reads the properties its own `args` list
export type Props = Record<string, any>;

/** What the engine sends for a value that is not known in a preview. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

export const isObject = (value: unknown): value is Props =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Marks a value so that the engine encrypts it in the state and hides it in the output. */
export const secret = (value: unknown): Props => ({ [SIGNATURE]: SECRET, value });

/** The value without secret marks, at any depth. */
export function unwrap<T>(value: T): T {
  if (Array.isArray(value)) return value.map(unwrap) as T;
  if (!isObject(value)) return value;
  if (value[SIGNATURE] === SECRET) return unwrap(value["value"]) as T;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)])) as T;
}

/** Whether any part of the value is unknown. */
export function hasUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isObject(value)) return Object.values(value).some(hasUnknown);
  return value === UNKNOWN;
}

/** A copy without undefined and null members: neither exists on the wire. */
export function compact<T>(value: T): T {
  if (Array.isArray(value)) return value.filter((item) => item != null).map(compact) as T;
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item != null);
  return Object.fromEntries(entries.map(([key, item]) => [key, compact(item)])) as T;
}

export function equal(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (isObject(a) && isObject(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => equal(a[key], b[key]));
  }
  return a === b;
}

export const toStruct = (props: Props): Struct =>
  Struct.fromJavaScript(compact(props) as Record<string, JavaScriptValue>);

/** The properties of a message; absent ones are empty. */
export const fromStruct = (struct: Struct | undefined): Props => compact((struct?.toJavaScript() ?? {}) as Props);

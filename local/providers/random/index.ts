import { randomBytes, randomUUID } from "node:crypto";
import { inState } from "../in-state";
import type { Created, ProviderModel, ResourceModel } from "../model";
import { packageVersion } from "../versions";
import { UNKNOWN, type Props } from "../wire";
import { normalizePassword, password, passwordArgs } from "./password";

/** A value that is drawn once, and again when an argument changes. */
const drawn = (
  model: Pick<ResourceModel<object>, "args" | "secretOutputs" | "normalize">,
  outputs: string[],
  draw: (args: Props) => Created,
): ResourceModel<object> => ({ ...model, create: async (_context, args) => draw(args), ...inState(...outputs) });

const atLeastOne = (property: string) => (_context: object, args: Props) => {
  const value: unknown = args[property];
  if (value !== UNKNOWN && !(Number.isInteger(value) && (value as number) >= 1))
    throw new Error(`${property}: expected a whole number from 1 on, got ${JSON.stringify(value)}`);
  return args;
};

const bytes = drawn(
  { args: "length! keepers!", secretOutputs: ["base64", "hex"], normalize: atLeastOne("length") },
  ["base64", "hex"],
  ({ length }) => {
    const value = randomBytes(length);
    const base64 = value.toString("base64");
    // As upstream, though the engine writes ids into the state in clear: a secret wants a password.
    return { id: base64, outputs: { base64, hex: value.toString("hex") } };
  },
);

const uuid = drawn({ args: "keepers!" }, ["result"], () => {
  const result = randomUUID();
  return { id: result, outputs: { result } };
});

/** Without the output `bcryptHash`: Node has no bcrypt. */
const randomPassword = drawn(
  { args: passwordArgs, secretOutputs: ["result"], normalize: (_context, args) => normalizePassword(args) },
  ["result"],
  (args) => ({ id: "none", outputs: { result: password(args) } }),
);

const id = drawn(
  { args: "byteLength! keepers! prefix!", normalize: atLeastOne("byteLength") },
  ["b64Url", "b64Std", "hex", "dec"],
  ({ byteLength, prefix = "" }) => {
    const value = randomBytes(byteLength);
    const [b64Url, hex] = [value.toString("base64url"), value.toString("hex")];
    const forms = { b64Url, b64Std: value.toString("base64"), hex, dec: BigInt(`0x${hex}`).toString() };
    const outputs = Object.fromEntries(Object.entries(forms).map(([name, form]) => [name, prefix + form]));
    return { id: b64Url, outputs };
  },
);

/** The types of @pulumi/random that are modelled, drawn from the system's generator for secrets. */
export const randomProvider = (): ProviderModel<object> => ({
  name: "random",
  version: packageVersion("@pulumi/random"),
  config: "",
  configure: () => ({}),
  resources: {
    "random:index/randomBytes:RandomBytes": bytes,
    "random:index/randomUuid:RandomUuid": uuid,
    "random:index/randomPassword:RandomPassword": randomPassword,
    "random:index/randomId:RandomId": id,
  },
});

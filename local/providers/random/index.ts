import { inState } from "../in-state";
import type { ProviderModel, ResourceModel } from "../model";
import { packageVersion } from "../versions";
import { normalizePassword, password, passwordArgs } from "./password";

/** Drawn once, and again when an argument changes. Without the output `bcryptHash`: Node has no bcrypt. */
const randomPassword: ResourceModel<object> = {
  args: passwordArgs,
  secretOutputs: ["result"],
  normalize: (_context, args) => normalizePassword(args),
  create: async (_context, args) => ({ id: "none", outputs: { result: password(args) } }),
  ...inState("result"),
};

/** The one type of @pulumi/random that the program uses, drawn from the system's generator for secrets. */
export const randomProvider = (): ProviderModel<object> => ({
  name: "random",
  version: packageVersion("@pulumi/random"),
  config: "",
  configure: () => ({}),
  resources: { "random:index/randomPassword:RandomPassword": randomPassword },
});

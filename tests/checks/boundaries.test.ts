import { Linter } from "eslint";
import * as path from "node:path";

const config = jest.requireActual<Linter.Config[]>("../../eslint.config.js");
type Plugin = NonNullable<Linter.Config["plugins"]>[string];
const plugin = config.find((entry) => entry.plugins?.["project"])!.plugins!["project"] as Plugin;

function judge(file: string, code: string): string[] {
  const own: Linter.Config = {
    files: ["**/*.ts"],
    plugins: { project: plugin },
    rules: { "project/boundaries": "error" },
  };
  return new Linter({ cwd: path.resolve(".") }).verify(code, [own], path.resolve(file)).map((found) => found.message);
}

describe("import boundaries", () => {
  it.each([
    ["index.ts", 'import "./components/network"'],
    ["components/network.ts", 'import "../hosts/user-data"'],
    ["components/network.ts", 'import "@pulumi/aws"'],
    ["hosts/user-data.ts", 'import "./consul"'],
    ["local/cli.ts", 'import "../index"'],
    ["local/providers/aws/vpc.ts", 'import "../wire"'],
    ["tests/program/program.test.ts", 'import "../../local/cloud/types"'],
    ["apps/backend/src/app.ts", 'import "../../backend/src/env"'],
  ])("let %s do %s", (file, code) => expect(judge(file, code)).toEqual([]));

  it.each([
    [
      "hosts/user-data.ts",
      'import "../components/network"',
      "hosts may import from hosts/ only, and components/network is outside",
    ],
    ["hosts/user-data.ts", 'import "@pulumi/pulumi"', "hosts/ does without @pulumi/pulumi"],
    [
      "components/network.ts",
      'import "../local/cli"',
      "components may import from components/, hosts/ only, and local/cli is outside",
    ],
    [
      "components/network.ts",
      'export * from "../config"',
      "components may import from components/, hosts/ only, and config is outside",
    ],
    [
      "index.ts",
      'import("./local/cli")',
      "the root may import from the root, components/, cost/, hosts/ only, and local/cli is outside",
    ],
    [
      "apps/backend/src/app.ts",
      'require("../../frontend/src/app")',
      "apps/backend may import from apps/backend/ only, and apps/frontend/src/app is outside",
    ],
    [
      "policy/ingress.ts",
      'import "../components/cluster-firewall"',
      "policy may import from policy/ only, and components/cluster-firewall is outside",
    ],
    [
      "local/cloud/main.ts",
      'import "../providers/wire"',
      "local/cloud may import from local/cloud/, local/images/, engines/ only, and local/providers/wire is outside",
    ],
  ])("refuse that %s does %s", (file, code, message) => expect(judge(file, code)).toEqual([message]));
});

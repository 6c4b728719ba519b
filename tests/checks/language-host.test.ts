import { spawnSync } from "node:child_process";

/** Loads modules as Pulumi's own Node.js language host does with `typescript: true`: by ts-node, with this project's tsconfig.json. */
function load(code: string) {
  const { status, stdout, stderr } = spawnSync("node", ["--require", "ts-node/register", "--eval", code], {
    encoding: "utf8",
    env: { ...process.env, TS_NODE_TRANSPILE_ONLY: "true" },
  });
  return { status, stdout, stderr };
}

describe("Pulumi's language host", () => {
  it("can load the program's TypeScript", () => {
    const code = 'console.log(typeof require("./config").loadConfig, typeof require("./components/network").Network)';
    expect(load(code)).toEqual({ status: 0, stdout: "function function\n", stderr: "" });
  });
});

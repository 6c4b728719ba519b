const { spawnSync } = require("node:child_process");

/** Nothing is left of the stack, whatever became of the tests. */
module.exports = async () => {
  spawnSync("node", [".build/local.js", "destroy", "--force", "--stack", process.env.E2E_STACK ?? "e2e"], {
    stdio: "inherit",
  });
};

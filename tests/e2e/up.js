const { spawnSync } = require("node:child_process");

/** Of CloudWatch's minutes, by which alarms are judged and workers scaled: docs/local-cloud.md. */
process.env.MINUTE_SECONDS ??= "5";

/** Brings the end-to-end stack up from nothing, with its progress shown. */
module.exports = async () => {
  const run = (...args) => spawnSync("node", [".build/local.js", ...args], { stdio: "inherit" });
  const stack = ["--stack", process.env.E2E_STACK ?? "e2e"];
  const started = Date.now();
  // What an interrupted run left would make this one easier than it says.
  run("destroy", "--force", ...stack);
  const { status } = run("up", ...stack);
  if (status !== 0) {
    run("destroy", "--force", ...stack);
    throw new Error(`up of the end-to-end stack ended with ${status}`);
  }
  console.log(`\nfrom nothing to the page: ${Math.round((Date.now() - started) / 1000)} s`);
};

const base = require("../../jest.config.js");

/** The end-to-end run: real hosts on this machine, minutes rather than seconds. */
module.exports = {
  ...base,
  rootDir: "../..",
  testMatch: ["<rootDir>/tests/e2e/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  maxWorkers: 2,
  runner: "<rootDir>/tests/e2e/runner.js",
  testSequencer: "<rootDir>/tests/e2e/sequencer.js",
  testTimeout: 300_000,
  globalSetup: "<rootDir>/tests/e2e/up.js",
  globalTeardown: "<rootDir>/tests/e2e/down.js",
};

const base = require("../../jest.config.js");

/** The end-to-end run: real hosts on this machine, one suite after the other, minutes rather than seconds. */
module.exports = {
  ...base,
  rootDir: "../..",
  testMatch: ["<rootDir>/tests/e2e/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  maxWorkers: 1,
  testSequencer: "<rootDir>/tests/e2e/sequencer.js",
  testTimeout: 300_000,
  globalSetup: "<rootDir>/tests/e2e/up.js",
  globalTeardown: "<rootDir>/tests/e2e/down.js",
};

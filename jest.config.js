const { availableParallelism } = require("node:os");

/** One run for the program, the hosts, the local cloud and the apps; the end-to-end suite has a configuration of its own. */
module.exports = {
  testEnvironment: "node",
  // One more than there are cores, as the longest files mostly wait for an engine or a server.
  maxWorkers: availableParallelism() + 1,
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "/.build/", "/.local/", "/dist/", "/tests/e2e/"],
  modulePathIgnorePatterns: ["/.build/", "/.local/", "/dist/"],
  // esbuild's speed without its module semantics: swc compiles, `npm run lint` type-checks.
  transform: {
    "^.+\\.(ts|js|mjs)$": ["@swc/jest", { jsc: { target: "es2022", parser: { syntax: "typescript" } } }],
  },
  // Packages that ship ES modules only, which jest's CommonJS loader cannot read as they are.
  transformIgnorePatterns: ["/node_modules/(?!(typebox|eta|close-with-grace|cookie)/)"],
};

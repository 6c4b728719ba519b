const { default: TestRunner } = require("jest-runner");
const { ORDER, groupOf } = require("./order");

/** Jest's own, one group of suites after the other. */
module.exports = class extends TestRunner {
  async runTests(tests, watcher, options) {
    for (const group of ORDER.keys()) {
      const members = tests.filter((test) => groupOf(test) === group);
      if (members.length > 0) await super.runTests(members, watcher, { ...options, serial: members.length === 1 });
    }
  }
};

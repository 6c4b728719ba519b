const Sequencer = require("@jest/test-sequencer").default;

// Those that change the configuration come last: what one has raised stays for the next.
const ORDER = [
  "cloud",
  "https",
  "cluster",
  "logs",
  "security",
  "ports",
  "hostile-input",
  "monitoring",
  "rotation",
  "servers",
  "drill",
  "destroy",
];

/** One stack serves all suites; the one that takes it down is the last. */
module.exports = class extends Sequencer {
  sort(tests) {
    const place = ({ path }) => ORDER.findIndex((name) => path.endsWith(`/${name}.test.ts`));
    return [...tests].sort((a, b) => place(a) - place(b));
  }
};

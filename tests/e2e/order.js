/**
 * The suites that share one stack, in the order in which they run; those of a group change nothing that the others of it look at, and run two
 * at a time. Those that change the configuration come last: what one has raised stays for the next.
 */
const ORDER = [
  ["cluster"],
  ["security", "logs", "https"],
  ["ports", "cloud"],
  ["hostile-input"],
  ["monitoring"],
  ["rotation"],
  ["servers"],
  ["drill"],
  ["destroy"],
];

const groupOf = ({ path }) => ORDER.findIndex((group) => group.some((name) => path.endsWith(`/${name}.test.ts`)));

module.exports = { ORDER, groupOf };

const Sequencer = require("@jest/test-sequencer").default;
const { ORDER } = require("./order");

module.exports = class extends Sequencer {
  sort(tests) {
    const place = ({ path }) => ORDER.flat().findIndex((name) => path.endsWith(`/${name}.test.ts`));
    return [...tests].sort((a, b) => place(a) - place(b));
  }
};

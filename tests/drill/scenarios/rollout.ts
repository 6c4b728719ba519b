import { hosts } from "../view";
import { apis } from "../clients";
import { Voters } from "../../e2e/voters";
import type { Scenario } from "../scenario";
import { up } from "../stack";

export const replaced: Scenario = {
  name: "all servers replaced one by one",
  async run() {
    const before = await hosts("server");
    const { nomad, consul } = await apis();
    const voters = [new Voters(consul), new Voters(nomad)];
    const started = Date.now();
    await up("cluster:serverInstanceType=t3.medium").finally(() => voters.forEach((each) => each.stop()));
    const after = await hosts("server");
    return {
      figures: [
        {
          what: "healthy voters, fewest seen",
          limit: 2,
          measured: Math.min(...voters.flatMap(({ counts }) => counts)),
          unit: "",
          atLeast: true,
        },
        {
          what: "servers that stayed",
          limit: 0,
          measured: after.filter(({ id }) => before.some((each) => each.id === id)).length,
          unit: "",
        },
        { what: "all three", limit: 300, measured: (Date.now() - started) / 1_000, unit: "s" },
      ],
    };
  },
};

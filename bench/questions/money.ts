import { byGroup, type Estimate, estimate, GROUPS } from "../../cost/estimate";
import { differences } from "../../cost/options";
import { readStack, STACKS } from "../../cost/stacks";
import type { Spec } from "../chart";
import type { Answer, Line, Question } from "../question";
import { exactly } from "../sampling";

function ask(): Promise<Answer> {
  const stacks = STACKS.map((name) => ({ name, config: readStack(name) }));
  const bills = stacks.map(({ name, config }) => ({ name, bill: estimate(config) }));
  const totals = bills.map(({ name, bill }): Line => ({
    ...{ what: `${name}, a month`, value: exactly(bill.total), unit: "USD" },
    note: largest(bill),
  }));
  const savings = stacks.flatMap(({ name, config }) =>
    differences(config).map((each): Line => ({
      ...{ what: `${name}, saved a month by ${each.name}`, value: exactly(each.saves), unit: "USD" },
      ...(each.note === "" ? {} : { note: each.note }),
    })),
  );
  return Promise.resolve({
    lines: [...totals, ...savings],
    charts: [{ file: "money", spec: stacked(bills) }],
    notes: [
      "Estimated, not measured: list prices and assumptions as `npm run cost` shows them. What costs more saves less than nothing.",
    ],
  });
}

const MENTIONED = 3;

/** What most of it goes to. */
function largest(bill: Estimate): string {
  const groups = Object.entries(byGroup(bill)).sort(([, a], [, b]) => b - a);
  return groups
    .slice(0, MENTIONED)
    .map(([group, usd]) => `${group} ${Math.round((100 * usd) / bill.total)} %`)
    .join(", ");
}

/** A bar for each stack, of what it pays for. */
function stacked(bills: readonly { readonly name: string; readonly bill: Estimate }[]): Spec {
  const values = bills.flatMap(({ name, bill }) =>
    Object.entries(byGroup(bill)).map(([group, usd]) => ({
      ...{ stack: name, group, usd, order: GROUPS.findIndex((each) => each === group) },
    })),
  );
  return {
    ...{ title: "What a stack costs a month", background: "white", data: { values }, width: 640, height: { step: 40 } },
    mark: "bar",
    encoding: {
      y: { field: "stack", type: "nominal", sort: null, axis: { title: null } },
      x: { field: "usd", type: "quantitative", aggregate: "sum", axis: { title: "USD" } },
      color: {
        field: "group",
        type: "nominal",
        scale: { domain: [...GROUPS], scheme: "tableau10" },
        legend: { title: null },
      },
      order: { field: "order", type: "quantitative" },
    },
  } as Spec;
}

export const money: Question = {
  name: "money",
  title: "What does it cost in money?",
  ask,
};

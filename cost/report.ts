import type { StackConfig } from "../config";
import { ASSUMPTIONS, type Assumptions } from "./assumptions";
import { estimate } from "./estimate";
import { INSTANCE_SOURCES } from "./instance-prices";
import { differences } from "./options";
import { type Price, PRICES, type Source, SOURCES } from "./prices";
import { type Region, REGIONS } from "./regions";

/** What a stack costs and what other settings would save, as text; throws `UnknownPrice`. */
export function stackReport(config: StackConfig, assumed: Assumptions): string {
  const { region, lines, total } = estimate(config, assumed);
  const bill = lines.map(({ group, what, quantity, unit, usd, monthly }, index) => [
    lines[index - 1]?.group === group ? "" : group,
    ...[what, number(quantity), unit, price(usd), money(monthly)],
  ]);
  const more = estimate(config, { ...assumed, requestsASecond: assumed.requestsASecond + 10 }).total - total;
  const options = differences(config, assumed).map(({ name, note, saves }) => [name, money(saves), note]);
  return [
    `${config.stack}, ${region}: ${money(total)} USD a month`,
    "",
    table([["", "", "quantity", "", "USD each", "USD"], ...bill, ["Total", "", "", "", "", money(total)]], [2, 4, 5]),
    "",
    `Ten more requests a second, day and night: ${money(more)} more`,
    "",
    table([["Instead", "saves", ""], ...options], [1]),
  ].join("\n");
}

/** All that was assumed, with what was changed on the command line marked. */
export function assumptionsReport(assumed: Assumptions): string {
  const rows = Object.entries(assumed).map(([name, value]) => [
    ...["", name, String(value)],
    value === ASSUMPTIONS[name as keyof Assumptions] ? "" : "given",
  ]);
  return ["Assumed (cost/assumptions.ts says what each is):", table(rows, [2])].join("\n");
}

/** Every price, the text that it was read in, and that text's date. */
export function pricesReport(): string {
  const found = Object.entries<Readonly<Record<Region, Price>>>(PRICES);
  const rows = found.flatMap(([item, prices]) =>
    REGIONS.map((region) => {
      const { usd, source, weak } = prices[region];
      return [item, region, price(usd), weak ? "weak" : "", ...sourceCells(SOURCES[source])];
    }),
  );
  const instances = REGIONS.map((region) => ["instances", region, "", "", ...sourceCells(INSTANCE_SOURCES[region])]);
  return table([["Price", "region", "USD", "", "dated", "read in", "look it up at"], ...rows, ...instances], [2]);
}

/** The prices that one text alone vouches for. */
export function weakPrices(region: Region): string[] {
  const found = Object.entries<Readonly<Record<Region, Price>>>(PRICES);
  return found.filter(([, prices]) => prices[region].weak).map(([item]) => item);
}

const sourceCells = ({ date, read, page }: Source): string[] => [date ?? "undated", read, page];
const number = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 });
const price = (usd: number): string => String(Number(usd.toPrecision(4)));
const money = (usd: number): string => usd.toFixed(2);

/** Rows of cells as lines; the columns that are named are figures, and flush right. */
function table(rows: readonly (readonly string[])[], figures: readonly number[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number) =>
    figures.includes(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  return rows.map((row) => `  ${row.map(cell).join("  ")}`.trimEnd()).join("\n");
}

/**
 * `npm run cost`: what each stack costs a month, of what, and what other settings would save. Asks nobody: prices are those in this folder.
 *
 *   npm run cost                                  the three stacks
 *   npm run cost -- --stack prod --requests 50    one stack, with so many requests a second
 *   npm run cost -- --prices                      every price, with its source and its date
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { ASSUMPTIONS } from "./assumptions";
import { pricedRegion } from "./regions";
import { assumptionsReport, pricesReport, stackReport, weakPrices } from "./report";
import { readStack, STACKS } from "./stacks";

function main(args: string[]): void {
  const { values } = parseArgs({
    args,
    options: { stack: { type: "string" }, requests: { type: "string" }, prices: { type: "boolean" } },
  });
  if (values.prices) return console.log(pricesReport());
  const requestsASecond = values.requests === undefined ? ASSUMPTIONS.requestsASecond : Number(values.requests);
  if (!(requestsASecond >= 0)) throw new Error(`--requests: expected requests a second, got ${values.requests}`);
  const assumed = { ...ASSUMPTIONS, requestsASecond };
  const file = `Pulumi.${values.stack}.yaml`;
  if (values.stack !== undefined && !existsSync(file)) throw new Error(`--stack: expected a stack with a file ${file}`);
  const stacks = (values.stack === undefined ? STACKS : [values.stack]).map((stack) => readStack(stack));
  const weak = [...new Set(stacks.map(({ region }) => pricedRegion(region)))].map(
    (region) => `${region}: ${weakPrices(region).join(", ")}`,
  );
  console.log(
    [
      ...stacks.map((stack) => stackReport(stack, assumed)),
      assumptionsReport(assumed),
      "List prices, without taxes, discounts and free tiers; a month of 730 hours. Each with its source and date: npm run cost -- --prices",
      `Prices that one text alone vouches for, to be looked up before you count on them: ${weak.join("; ")}`,
    ].join("\n\n"),
  );
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

import type { StackConfig } from "../config";
import { byGroup, estimate } from "./estimate";
import { UnknownPrice } from "./regions";

/** The stack's output: a preview shows what a change of the configuration does to it. */
export type MonthlyCost =
  | {
      readonly currency: "USD";
      readonly total: number;
      readonly of: Readonly<Record<string, number>>;
      /** What shows each line, with the assumptions that it rests on. */
      readonly details: string;
    }
  | { readonly unknown: string };

/** By list prices, with each pool at its first size; or why it is not known. Never fails an `up`. */
export function monthlyCostOf(config: StackConfig): MonthlyCost {
  try {
    const bill = estimate(config);
    const details = `npm run cost -- --stack ${config.stack}`;
    return { currency: "USD", total: bill.total, of: byGroup(bill), details };
  } catch (error) {
    if (error instanceof UnknownPrice) return { unknown: error.message };
    throw error;
  }
}

/** The regions that there are prices for. */
export const REGIONS = ["us-east-1", "eu-west-1"] as const;
export type Region = (typeof REGIONS)[number];

/** What a stack costs is not known, as a price of it is not: says which, and where it would have to be. */
export class UnknownPrice extends Error {}

/** Throws {@link UnknownPrice} for a region without prices: those of another would be wrong. */
export function pricedRegion(region: string): Region {
  const found = REGIONS.find((each) => each === region);
  if (found !== undefined) return found;
  throw new UnknownPrice(
    `aws:region: expected a region with prices in cost/prices.ts (${REGIONS.join(", ")}), got "${region}"`,
  );
}

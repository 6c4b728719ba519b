/** Prices of instances in US dollars an hour, Linux, on demand; see `prices.ts` for what they are and where they are from. */
import { type Region, UnknownPrice } from "./regions";
import type { Source } from "./prices";

const page = "https://aws.amazon.com/ec2/pricing/on-demand/";

export const INSTANCE_SOURCES: Readonly<Record<Region, Source>> = {
  "us-east-1": {
    page,
    read: "https://github.com/aws/karpenter-provider-aws, pkg/providers/pricing/zz_generated.pricing_aws.go",
    date: "2026-01-19",
  },
  "eu-west-1": {
    page,
    read: "https://github.com/skypilot-org/skypilot-catalog, catalogs/v8/aws/vms.csv",
    date: undefined,
  },
};

/** Within a family, the price is in proportion to the size. */
const SIZES: Readonly<Record<string, number>> = {
  ...{ nano: 1 / 16, micro: 1 / 8, small: 1 / 4, medium: 1 / 2, large: 1, xlarge: 2, "2xlarge": 4, "4xlarge": 8 },
};
const BURSTABLE = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"];
const STEADY = ["large", "xlarge", "2xlarge", "4xlarge"];

interface Family {
  readonly sizes: readonly string[];
  /** Of the size `large`. */
  readonly large: Readonly<Record<Region, number>>;
  /** The family with Graviton processors that takes its place where software is built for them. */
  readonly graviton?: string;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  t3: { sizes: BURSTABLE, large: { "us-east-1": 0.0832, "eu-west-1": 0.0912 }, graviton: "t4g" },
  t3a: { sizes: BURSTABLE, large: { "us-east-1": 0.0752, "eu-west-1": 0.0816 }, graviton: "t4g" },
  t4g: { sizes: BURSTABLE, large: { "us-east-1": 0.0672, "eu-west-1": 0.0736 } },
  m5: { sizes: STEADY, large: { "us-east-1": 0.096, "eu-west-1": 0.107 }, graviton: "m6g" },
  m6a: { sizes: STEADY, large: { "us-east-1": 0.0864, "eu-west-1": 0.0963 }, graviton: "m6g" },
  m6i: { sizes: STEADY, large: { "us-east-1": 0.096, "eu-west-1": 0.107 }, graviton: "m6g" },
  m6g: { sizes: STEADY, large: { "us-east-1": 0.077, "eu-west-1": 0.086 } },
};

/** Throws {@link UnknownPrice} for a type that is not in the table. */
export function instanceHour(type: string, region: Region): number {
  const [name, size] = type.split(".") as [string, string];
  const family = FAMILIES[name];
  if (family?.sizes.includes(size)) return family.large[region] * SIZES[size]!;
  throw new UnknownPrice(
    `expected an instance type with a price in cost/instance-prices.ts (${Object.keys(FAMILIES).join(", ")}), got ${type}`,
  );
}

/** The type of the same size with Graviton processors; the type itself where there is none. */
export function onGraviton(type: string): string {
  const [family, size] = type.split(".") as [string, string];
  return `${FAMILIES[family]?.graviton ?? family}.${size}`;
}

import { readFileSync } from "node:fs";
import type { StackConfig } from "../config";
import { ASSUMPTIONS } from "./assumptions";
import { byGroup, cents, type Estimate, estimate } from "./estimate";
import { instanceHour, onGraviton } from "./instance-prices";
import { monthlyCostOf } from "./monthly-cost";
import { differences } from "./options";
import { PRICES, SOURCES } from "./prices";
import { UnknownPrice } from "./regions";
import { readStack, STACKS } from "./stacks";

const dev = readStack("dev");
const totals = (config: StackConfig) => [estimate(config).total, byGroup(estimate(config))];

describe("an estimate", () => {
  it("is the same sum for the same settings: prod", () => {
    expect(totals(readStack("prod"))).toEqual([
      765.43,
      {
        ...{ Instances: 525.82, "NAT gateways": 107.05, "Load balancers": 37.04, "Public IPv4": 25.55, Disks: 37.14 },
        ...{ Monitoring: 16.24, Logs: 6.5, "Data transfer": 4.6, "Keys and storage": 5.49 },
      },
    ]);
  });

  it("prices what runs on one machine as AWS would", () => {
    expect(estimate(readStack("local")).total).toBe(210.12);
  });

  it("takes the prices of the region that is configured", () => {
    const virginia = { ...dev, region: "us-east-1" };
    expect(totals(virginia)).toEqual([
      156.68,
      {
        ...{ Instances: 44.8, "NAT gateways": 33.92, "Load balancers": 33.1, "Public IPv4": 14.6, Disks: 8.16 },
        ...{ Monitoring: 13.89, Logs: 2.36, "Data transfer": 2.93, "Keys and storage": 2.92 },
      },
    ]);
  });

  it.each(STACKS)("adds up: %s", (stack) => {
    const bill = estimate(readStack(stack));
    const sum = (numbers: number[]) => cents(numbers.reduce((total, each) => total + each, 0));
    expect(sum(bill.lines.map(({ monthly }) => monthly))).toBe(bill.total);
    expect(sum(Object.values(byGroup(bill)))).toBe(bill.total);
    for (const { quantity, usd, monthly } of bill.lines) expect(monthly).toBe(cents(quantity * usd));
  });

  it("has endpoints in the place of NAT gateways where hosts have no way out", () => {
    const closed = byGroup(
      estimate(readStack("dev", { natGateways: "none", hostImage: { owner: "self", name: "x" } })),
    );
    expect(closed["NAT gateways"]).toBeUndefined();
    // 9 endpoints in 2 zones, 730 hours at 0.011, and what passes them.
    expect(closed["Endpoints"]).toBe(cents(9 * 2 * 730 * 0.011) + 0.19);
  });

  it("grows with traffic in what traffic makes, and in nothing else", () => {
    const [now, busy] = [1, 100].map((requestsASecond) => byGroup(estimate(dev, { ...ASSUMPTIONS, requestsASecond })));
    const grown = Object.keys(now!).filter((group) => busy![group] !== now![group]);
    expect(grown).toEqual(["NAT gateways", "Load balancers", "Logs", "Data transfer"]);
  });

  it("bills the largest dimension of the users' load balancer: new connections, or bytes", () => {
    const units = (change: object) =>
      estimate(dev, { ...ASSUMPTIONS, ...change }).lines.find(({ what }) => what === "its capacity units")!.quantity;
    expect(units({ requestsASecond: 25 })).toBe(730);
    expect(units({ requestsASecond: 25, answerBytes: 49_000 })).toBeCloseTo(730 * 25 * 3600 * 50_000 * 1e-9, 6);
  });

  it("says what is missing when it has no price, and does not take another region's", () => {
    const elsewhere = { ...dev, region: "ap-south-1" };
    const message =
      'aws:region: expected a region with prices in cost/prices.ts (us-east-1, eu-west-1), got "ap-south-1"';
    expect(() => estimate(elsewhere)).toThrow(new UnknownPrice(message));
    expect(monthlyCostOf(elsewhere)).toEqual({ unknown: message });
    expect(monthlyCostOf({ ...dev, serverInstanceType: "c5.large" })).toEqual({
      unknown:
        "expected an instance type with a price in cost/instance-prices.ts (t3, t3a, t4g, m5, m6a, m6i, m6g), got c5.large",
    });
  });
});

describe("an instance's price", () => {
  it("is in proportion to its size, and not known for sizes that its family has not", () => {
    expect(instanceHour("t3.nano", "eu-west-1")).toBe(0.0057);
    expect(instanceHour("m6i.2xlarge", "us-east-1")).toBe(0.384);
    expect(() => instanceHour("m6i.nano", "us-east-1")).toThrow(UnknownPrice);
  });

  it("has a counterpart with Graviton processors, or none", () => {
    expect(["t3a.small", "m6i.large", "m6g.large"].map(onGraviton)).toEqual(["t4g.small", "m6g.large", "m6g.large"]);
  });
});

describe("the prices", () => {
  it("name a text that they were read in, and all texts are of use", () => {
    const used = Object.values(PRICES).flatMap((prices) => Object.values(prices).map(({ source }) => source as string));
    expect(Object.keys(SOURCES).filter((source) => !used.includes(source))).toEqual([]);
    for (const { page, date } of Object.values(SOURCES)) {
      expect(page).toMatch(/^https:/);
      expect(date ?? "2026").toMatch(/^20\d\d(-\d\d){0,2}$/);
    }
  });
});

describe("docs/cost.md", () => {
  const rows = readFileSync("docs/cost.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll(/[*`]/g, "")))
    .map(([, name, ...cells]) => [name!, cells] as const);
  const page = new Map(rows);

  it("has the sums of all three stacks", () => {
    const bills = STACKS.map((stack) => estimate(readStack(stack)));
    const figures = (of: (bill: Estimate) => number | undefined) => bills.map((bill) => of(bill)?.toFixed(2));
    for (const group of Object.keys(byGroup(bills[1]!)))
      expect([group, page.get(group)?.slice(0, 3)]).toEqual([group, figures((bill) => byGroup(bill)[group])]);
    expect(page.get("Total")?.slice(0, 3)).toEqual(figures(({ total }) => total));
  });

  it.each([
    ["dev", 0],
    ["prod", 1],
  ])("has what the settings of %s save", (stack, column) => {
    const saved = new Map(differences(readStack(stack)).map(({ name, saves }) => [name, saves.toFixed(2)]));
    const alias = new Map([
      ["workerPools: spotPercent: 100", "workerPools: spotPercent 100"],
      ["one server, all of it spot and at min", "the least that serves"],
    ]);
    const from = rows.findIndex(([name]) => name === "Setting") + 2;
    expect(rows.length).toBeGreaterThan(from);
    for (const [name, cells] of rows.slice(from))
      expect([name, cells[column]]).toEqual([name, saved.get(alias.get(name) ?? name) ?? "as is"]);
  });
});

describe("the options of dev", () => {
  it("save this, one at a time", () => {
    expect(Object.fromEntries(differences(dev).map(({ name, saves }) => [name, saves]))).toEqual({
      "natGateways: none": -104.66,
      "natGateways: per-zone": -38.45,
      "zones: 3": -4.23,
      "serverCount: 1": 23.11,
      "serverCount: 5": -23.08,
      "serverInstanceType: t3.small": -24.96,
      "workerPools: spotPercent 0": -13.32,
      "workerPools at their max": -26.51,
      "bastion.enabled: false": 8.52,
      "operatorCidrs: some": -7.3,
      "ownEncryptionKey: true": -1,
      "monitoring: false": 14,
      "flowLogs: true": -2.07,
      "logRetentionDays: 7": 0.02,
      "the least that serves": 44.7,
      "Graviton instances": 9.47,
    });
  });
});

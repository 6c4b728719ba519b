/**
 * List prices of AWS in US dollars, without taxes, discounts and free tiers. Change one together with its source. Each was read in a public
 * text, which is named with the date that it bears; AWS's own page is where to look for what is true today.
 */
import type { Region } from "./regions";

export interface Source {
  /** AWS's own page, where today's price can be looked up. */
  readonly page: string;
  /** The text that the price was read in. */
  readonly read: string;
  /** Day or month of that text; undefined where it bears none. */
  readonly date: string | undefined;
}

const page = (name: string) => `https://aws.amazon.com/${name}/pricing/`;
const EC2_PAGE = "https://aws.amazon.com/ec2/pricing/on-demand/";

/** A version of AWS's price list, which begins with its date, as somebody has quoted it. */
const listed = (at: string, offer: string, region: Region, version: string, quotedIn: string): Source => ({
  page: at,
  read: `AWS Price List, ${offer} ${version}, ${region}, in https://github.com/${quotedIn}`,
  date: `${version.slice(0, 4)}-${version.slice(4, 6)}-${version.slice(6, 8)}`,
});
const IRELAND = "henderjm/world-cup-sweepstake";
const PREFLIGHT = "Elvis2131/preflight";

/** Answers of AWS's Pricing API that somebody has published. */
const asked = (service: string, at: string): Source => ({
  ...{ page: page(at), read: `answers of the AWS Pricing API, ${service}, us-east-1`, date: "2025-10-28" },
});

export const SOURCES = {
  natIreland: listed(page("vpc"), "AmazonEC2", "eu-west-1", "20260925174521", PREFLIGHT),
  vpcIreland: listed(page("vpc"), "AmazonVPC", "eu-west-1", "20260917190528", IRELAND),
  vpcVirginia: asked("AmazonVPC and AmazonEC2", "vpc"),
  elbIreland: listed(page("elasticloadbalancing"), "AWSELB", "eu-west-1", "20260911124544", PREFLIGHT),
  elbVirginia: listed(page("elasticloadbalancing"), "AWSELB", "us-east-1", "20260911124544", PREFLIGHT),
  /** 595 hours for 15.00. */
  elbBill: { page: page("elasticloadbalancing"), read: "a published bill of eu-west-1", date: "2026-07" },
  /** 34,824 hours and 37.71 GB, at the discount of 8 % that the same bill has on prices known from elsewhere. */
  endpointBill: { page: page("privatelink"), read: "a published bill of eu-west-1", date: undefined },
  cloudwatchIreland: listed(page("cloudwatch"), "AmazonCloudWatch", "eu-west-1", "20260922021715", IRELAND),
  cloudwatchVirginia: asked("AmazonCloudWatch", "cloudwatch"),
  /** Of flow logs it was the second tier that was read, 0.285, which is half of the first in other regions. */
  cloudwatchPages: {
    page: page("cloudwatch"),
    read: "AWS's pricing pages, in https://github.com/lamngockhuong/aws-price",
    date: "2025-11-04",
  },
  kms: { page: page("kms"), read: "https://cloudburn.io/blog/aws-kms-pricing", date: "2026-03-14" },
  s3Ireland: listed(page("s3"), "AmazonS3", "eu-west-1", "20260928230416", IRELAND),
  s3Virginia: asked("AmazonS3", "s3"),
  ecrIreland: listed(page("ecr"), "AmazonECR", "eu-west-1", "20260911124425", IRELAND),
  internetIreland: listed(EC2_PAGE, "AWSDataTransfer", "eu-west-1", "20260916132208", IRELAND),
  internetVirginia: {
    page: EC2_PAGE,
    read: "https://cloudpipelines.pages.dev/guides/aws-nat-gateway-pricing-2026/",
    date: "2026",
  },
  zonesIreland: {
    page: EC2_PAGE,
    read: `AWS Price List, AWSDataTransfer, eu-west-1, in https://github.com/${PREFLIGHT}`,
    date: "2026-10-02",
  },
  zonesVirginia: { page: EC2_PAGE, read: "https://basavytix.com/blog/aws-nat-gateway-pricing", date: undefined },
  ebsVirginia: { page: page("ebs"), read: "a table of prices in a program", date: "2026-01" },
  /** They agree with each other. */
  ebsIreland: { page: page("ebs"), read: "tables of prices in four programs", date: undefined },
  table: { page: "https://calculator.aws", read: "a table of prices in a program", date: undefined },
} satisfies Record<string, Source>;

export interface Price {
  readonly usd: number;
  readonly source: keyof typeof SOURCES;
  /** It rests on one text, which is undated, or about something near it: look it up before you count on it. */
  readonly weak?: true;
}

const both = (price: Price): Readonly<Record<Region, Price>> => ({ "us-east-1": price, "eu-west-1": price });

/** By what is paid for; a name ends in its unit. */
export const PRICES = {
  natGatewayHour: {
    "us-east-1": { usd: 0.045, source: "vpcVirginia" },
    "eu-west-1": { usd: 0.048, source: "natIreland" },
  },
  natGatewayGB: {
    "us-east-1": { usd: 0.045, source: "vpcVirginia" },
    "eu-west-1": { usd: 0.048, source: "natIreland" },
  },
  /** Of one endpoint in one zone. */
  endpointHour: {
    "us-east-1": { usd: 0.01, source: "vpcVirginia" },
    "eu-west-1": { usd: 0.011, source: "endpointBill" },
  },
  endpointGB: {
    "us-east-1": { usd: 0.01, source: "vpcVirginia" },
    "eu-west-1": { usd: 0.01, source: "endpointBill", weak: true },
  },
  publicAddressHour: {
    "us-east-1": { usd: 0.005, source: "vpcVirginia" },
    "eu-west-1": { usd: 0.005, source: "vpcIreland" },
  },
  albHour: {
    "us-east-1": { usd: 0.0225, source: "elbVirginia" },
    "eu-west-1": { usd: 0.0252, source: "elbBill" },
  },
  albUnitHour: {
    "us-east-1": { usd: 0.008, source: "elbVirginia" },
    "eu-west-1": { usd: 0.008, source: "elbIreland" },
  },
  nlbHour: {
    "us-east-1": { usd: 0.0225, source: "elbVirginia" },
    "eu-west-1": { usd: 0.0252, source: "table", weak: true },
  },
  nlbUnitHour: {
    "us-east-1": { usd: 0.006, source: "elbVirginia" },
    "eu-west-1": { usd: 0.006, source: "elbVirginia", weak: true },
  },
  /** General purpose (gp3), with the throughput and operations that every volume has. */
  diskGBMonth: {
    "us-east-1": { usd: 0.08, source: "ebsVirginia" },
    "eu-west-1": { usd: 0.088, source: "ebsIreland" },
  },
  keyMonth: both({ usd: 1, source: "kms" }),
  /** Of any key, AWS's own included. */
  keyRequest: both({ usd: 0.03 / 10_000, source: "kms" }),
  metricMonth: {
    "us-east-1": { usd: 0.3, source: "cloudwatchVirginia" },
    "eu-west-1": { usd: 0.3, source: "cloudwatchIreland" },
  },
  /** Of each metric that an alarm looks at. */
  alarmMetricMonth: {
    "us-east-1": { usd: 0.1, source: "cloudwatchVirginia" },
    "eu-west-1": { usd: 0.1, source: "cloudwatchIreland" },
  },
  dashboardMonth: both({ usd: 3, source: "table", weak: true }),
  metricRequest: {
    "us-east-1": { usd: 0.01 / 1000, source: "cloudwatchVirginia" },
    "eu-west-1": { usd: 0.01 / 1000, source: "cloudwatchPages" },
  },
  logGB: {
    "us-east-1": { usd: 0.5, source: "cloudwatchVirginia" },
    "eu-west-1": { usd: 0.57, source: "cloudwatchIreland" },
  },
  /** What AWS's own services write: flow logs. */
  vendedLogGB: {
    "us-east-1": { usd: 0.5, source: "cloudwatchVirginia" },
    "eu-west-1": { usd: 0.57, source: "cloudwatchPages", weak: true },
  },
  logGBMonth: {
    "us-east-1": { usd: 0.03, source: "cloudwatchVirginia" },
    "eu-west-1": { usd: 0.03, source: "cloudwatchIreland" },
  },
  objectGBMonth: {
    "us-east-1": { usd: 0.023, source: "s3Virginia" },
    "eu-west-1": { usd: 0.023, source: "s3Ireland" },
  },
  /** PUT and LIST. */
  objectRequest: {
    "us-east-1": { usd: 0.005 / 1000, source: "s3Virginia" },
    "eu-west-1": { usd: 0.005 / 1000, source: "s3Ireland" },
  },
  imageGBMonth: {
    "us-east-1": { usd: 0.1, source: "table", weak: true },
    "eu-west-1": { usd: 0.1, source: "ecrIreland" },
  },
  /** To the internet; the first 10 TB a month. */
  internetGB: {
    "us-east-1": { usd: 0.09, source: "internetVirginia" },
    "eu-west-1": { usd: 0.09, source: "internetIreland" },
  },
  /** Between zones: it is billed to the sender and to the receiver, 0.01 each. */
  zonesGB: {
    "us-east-1": { usd: 0.02, source: "zonesVirginia", weak: true },
    "eu-west-1": { usd: 0.02, source: "zonesIreland" },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Region, Price>>>>;

export type Item = keyof typeof PRICES;

import * as stores from "./stores";
import { judge } from "./test-resources";
import { BUCKET, LIFECYCLE_POLICY, LOG_GROUP, PARAMETER, PUBLIC_ACCESS_BLOCK, REPOSITORY } from "./types";

const WHOLE = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };

it.each([
  [
    stores.immutableTags,
    REPOSITORY,
    { imageTagMutability: "IMMUTABLE" },
    {},
    'imageTagMutability: expected "IMMUTABLE", got nothing; set it to "IMMUTABLE"',
  ],
  [
    stores.scanOnPush,
    REPOSITORY,
    { imageScanningConfiguration: { scanOnPush: true } },
    { imageScanningConfiguration: { scanOnPush: false } },
    "imageScanningConfiguration.scanOnPush: expected true, got false; set it to true",
  ],
  [
    stores.secureParameters,
    PARAMETER,
    { type: "SecureString" },
    { type: "String" },
    'type: expected "SecureString", got "String"; set it to "SecureString"',
  ],
  [
    stores.expiringLogs,
    LOG_GROUP,
    { retentionInDays: 30 },
    { retentionInDays: 0 },
    "retentionInDays: expected a number of days, got 0; set it, 30 for example",
  ],
  [
    stores.wholePublicAccessBlock,
    PUBLIC_ACCESS_BLOCK,
    WHOLE,
    { ...WHOLE, ignorePublicAcls: undefined },
    "ignorePublicAcls: expected true, got nothing; set it to true",
  ],
])("$name tells good from bad", (rule, type, good, bad, message) => {
  expect(judge(rule, { type, props: good })).toEqual([]);
  expect(judge(rule, { type, props: bad })).toEqual([message]);
});

it.each([
  [
    stores.expiringImages,
    REPOSITORY,
    LIFECYCLE_POLICY,
    "repository",
    "expected a LifecyclePolicy for this repository, got none; add one",
  ],
  [
    stores.privateBuckets,
    BUCKET,
    PUBLIC_ACCESS_BLOCK,
    "bucket",
    "expected a BucketPublicAccessBlock for this bucket, got none; add one",
  ],
])("$name wants each to have its own", (rule, type, companion, property, message) => {
  const [first, second] = ["first", "second"].map((name) => ({ type, name }));
  const own = { type: companion, madeFrom: { [property]: [first!] } };
  expect(judge(rule, [first!, own])).toEqual([]);
  expect(judge(rule, [first!, second!, own])).toEqual([message]);
});

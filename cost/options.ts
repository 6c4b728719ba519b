import { isDeepStrictEqual } from "node:util";
import type { StackConfig } from "../config";
import type { WorkerPoolConfig } from "../config-sections";
import type { Assumptions } from "./assumptions";
import { cents, estimate } from "./estimate";
import { onGraviton } from "./instance-prices";

interface Option {
  readonly name: string;
  readonly note?: string;
  apply(config: StackConfig): StackConfig;
}

/** What another setting makes of a stack's price. */
export interface Difference {
  readonly name: string;
  readonly note: string;
  /** USD a month less than now; negative: more. */
  readonly saves: number;
}

const pools = (change: (pool: WorkerPoolConfig) => Partial<WorkerPoolConfig>) => (config: StackConfig) => ({
  ...config,
  workerPools: config.workerPools.map((pool) => ({ ...pool, ...change(pool) })),
});
const set = (name: string, changes: Partial<StackConfig>, note?: string): Option => ({
  ...{ name, note, apply: (config) => ({ ...config, ...changes }) },
});
const bastionOff = (config: StackConfig): StackConfig => ({
  ...config,
  bastion: { ...config.bastion, enabled: false },
});

const OPTIONS: readonly Option[] = [
  set("natGateways: none", { natGateways: "none" }, "hosts need an image with the software in it"),
  set("natGateways: single", { natGateways: "single" }, "the loss of its zone cuts all hosts off from outside"),
  set("natGateways: per-zone", { natGateways: "per-zone" }),
  set("zones: 2", { zones: 2 }),
  set("zones: 3", { zones: 3 }),
  set("serverCount: 1", { serverCount: 1 }, "no server may fail"),
  set("serverCount: 3", { serverCount: 3 }),
  set("serverCount: 5", { serverCount: 5 }, "two servers may fail"),
  set("serverInstanceType: t3.small", { serverInstanceType: "t3.small" }),
  { name: "workerPools: spotPercent 100", apply: pools(() => ({ spotPercent: 100 })) },
  { name: "workerPools: spotPercent 0", apply: pools(() => ({ spotPercent: 0 })) },
  { name: "workerPools at their min", apply: pools(({ min }) => ({ desired: min })) },
  { name: "workerPools at their max", apply: pools(({ max }) => ({ desired: max })) },
  { name: "bastion.enabled: false", note: "with no way in but operatorCidrs", apply: bastionOff },
  set("operatorCidrs: none", { operatorCidrs: [] }, "the APIs by a tunnel"),
  {
    ...{ name: "operatorCidrs: some", note: "the APIs without a tunnel" },
    apply: (config) => (config.operatorCidrs.length > 0 ? config : { ...config, operatorCidrs: ["203.0.113.7/32"] }),
  },
  set("ownEncryptionKey: false", { ownEncryptionKey: false }, "a new stack only"),
  set("ownEncryptionKey: true", { ownEncryptionKey: true }),
  set("monitoring: false", { monitoring: false }, "nothing rings, nothing scales"),
  set("monitoring: true", { monitoring: true }),
  set("flowLogs: false", { flowLogs: false }),
  set("flowLogs: true", { flowLogs: true }),
  set("logRetentionDays: 7", { logRetentionDays: 7 }),
  {
    name: "the least that serves",
    note: "serverCount 1, t3.micro; bastion, monitoring off; all spot, t3.small, at min",
    apply: (config) =>
      pools(({ min, edge }) => ({
        desired: edge ? Math.max(min, 1) : min,
        spotPercent: 100,
        instanceTypes: ["t3.small"],
      }))({
        ...bastionOff(config),
        ...{ zones: 2, natGateways: "single", serverCount: 1, serverInstanceType: "t3.micro" },
        ...{ monitoring: false, flowLogs: false, ownEncryptionKey: false },
      }),
  },
  {
    name: "Graviton instances",
    note: "not to be had: what hosts run is built for x86-64",
    apply: (config) =>
      pools(({ instanceTypes }) => ({ instanceTypes: instanceTypes.map(onGraviton) }))({
        ...config,
        serverInstanceType: onGraviton(config.serverInstanceType),
        bastion: { ...config.bastion, instanceType: onGraviton(config.bastion.instanceType) },
      }),
  },
];

/** What each option that a stack does not have now would change, one at a time. */
export function differences(config: StackConfig, assumed?: Assumptions): Difference[] {
  const { total } = estimate(config, assumed);
  return OPTIONS.map(({ name, note = "", apply }) => ({ name, note, changed: apply(config) }))
    .filter(({ changed }) => !isDeepStrictEqual(changed, config))
    .map(({ name, note, changed }) => ({ name, note, saves: cents(total - estimate(changed, assumed).total) }));
}

import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { runningCloud } from "../../local/cli/session";
import { operator as credentials } from "../../local/cloud/sessions";
import { regionOf } from "../../local/engine";
import { operator } from "../e2e/cluster-view";
import { STACK } from "../e2e/support";

const made = new Map<object, Promise<unknown>>();

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  return () => {
    const known = made.get(make) ?? make();
    made.set(make, known);
    return known as Promise<T>;
  };
};

/** The stack has become another one, with other addresses and tokens. */
export const forget = (): void => made.clear();

/** The cluster's APIs. Asked for once: a drill looks many times a second, and must not load the machine that it measures. */
export const apis = once(operator);

/** AWS's API, by its own clients for the same reason. */
export const cloud = once(async () => {
  const { endpoint } = await runningCloud(STACK);
  const options = { endpoint, region: regionOf(STACK), credentials };
  return { ec2: new EC2(options), elb: new ElasticLoadBalancingV2(options), autoscaling: new AutoScaling(options) };
});

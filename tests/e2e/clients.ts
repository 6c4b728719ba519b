import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SSM } from "@aws-sdk/client-ssm";
import { runningCloud } from "../../local/cli/session";
import { operator as credentials } from "../../local/cloud/sessions";
import { regionOf } from "../../local/engine";
import { STACK } from "./support";

// The SDK's word on the Node.js of next year, in each suite.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] = "true";

const made = new Map<object, Promise<unknown>>();

/** Makes something at the first call, and gives the same from then on. */
export const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  return () => {
    const known = made.get(make) ?? make();
    made.set(make, known);
    return known as Promise<T>;
  };
};

/** The stack has become another one, with other addresses and tokens. */
export const forget = (): void => made.clear();

/** AWS's API, by its own clients: each start of awscli is a second of a core. */
export const cloud = once(async () => {
  const { endpoint } = await runningCloud(STACK);
  const options = { endpoint, region: regionOf(STACK), credentials };
  return {
    ...{ autoscaling: new AutoScaling(options), cloudwatch: new CloudWatch(options), ec2: new EC2(options) },
    ...{ elb: new ElasticLoadBalancingV2(options), logs: new CloudWatchLogs(options), ssm: new SSM(options) },
  };
});

import type { ResourceModel } from "../model";
import type { Props } from "../wire";
import { pascal, type Aws } from "./context";

const put = async (
  { autoscaling }: Aws,
  { name, autoscalingGroupName, targetTrackingConfiguration, ...rest }: Props,
) => {
  const { customizedMetricSpecification, ...target } = targetTrackingConfiguration;
  const { metricDimensions, ...metric } = customizedMetricSpecification;
  await autoscaling.putScalingPolicy({
    ...{ PolicyName: name, AutoScalingGroupName: autoscalingGroupName, ...pascal(rest) },
    TargetTrackingConfiguration: {
      ...pascal(target),
      CustomizedMetricSpecification: { ...pascal(metric), Dimensions: pascal(metricDimensions) },
    },
  });
};

const find = async ({ autoscaling }: Aws, name: string, AutoScalingGroupName: string) =>
  (await autoscaling.describePolicies({ AutoScalingGroupName, PolicyNames: [name] })).ScalingPolicies?.[0];

/** Policies of the kind that keeps a metric of one's own at a target. */
const policy: ResourceModel<Aws> = {
  args:
    "name! autoscalingGroupName! policyType estimatedInstanceWarmup targetTrackingConfiguration{targetValue disableScaleIn " +
    "customizedMetricSpecification{namespace metricName metricDimensions{name value} statistic}}",
  autoname: { property: "name", maxLength: 255 },
  async create(aws, args) {
    await put(aws, args);
    return args.name;
  },
  async read(aws, name, { autoscalingGroupName }) {
    const found = await find(aws, name, autoscalingGroupName);
    return found && { arn: found.PolicyARN };
  },
  update: (aws, { news }) => put(aws, news),
  async delete(aws, PolicyName, { autoscalingGroupName: AutoScalingGroupName }) {
    const isThere = await find(aws, PolicyName, AutoScalingGroupName);
    if (isThere) await aws.autoscaling.deletePolicy({ AutoScalingGroupName, PolicyName });
  },
};

export const scalingPolicyResources: Record<string, ResourceModel<Aws>> = {
  "aws:autoscaling/policy:Policy": policy,
};

import { type Billable, billable, metricsOfAlarm, ownMetrics, sum } from "../../cost/billable";
import { readStack } from "../../cost/stacks";
import type { RecordingMocks } from "./recording-mocks";
import type { Stack } from "./run-program";

/** What an estimate takes a stack to have, with keys of its configuration set anew. */
export const billedFor = (stack: Stack, changes: Readonly<Record<string, unknown>> = {}): Billable =>
  billable(readStack(stack, changes));

/** What AWS would bill of what the program has registered, read from the resources alone. */
export function registeredBill(mocks: RecordingMocks): Billable {
  const inputsOf = (type: string) => Object.values(mocks.ofType(`aws:${type}`)).map(({ inputs }) => inputs);
  const instances = inputsOf("ec2/instance:Instance");
  const balancers = inputsOf("lb/loadBalancer:LoadBalancer");
  const dashboards = inputsOf("cloudwatch/dashboard:Dashboard");
  const scaling = inputsOf("autoscaling/policy:Policy").filter((each) => each.policyType === "TargetTrackingScaling");
  const pools = Object.entries(mocks.ofType("aws:autoscaling/group:Group")).map(([name, { inputs }]) => {
    const template = mocks.ofType("aws:ec2/launchTemplate:LaunchTemplate")[name]!.inputs;
    const distribution = inputs.mixedInstancesPolicy?.instancesDistribution;
    return {
      name: name.replace("workers-", ""),
      type: inputs.mixedInstancesPolicy?.launchTemplate.overrides[0].instanceType ?? template.instanceType,
      workers: inputs.desiredCapacity as number,
      spotPercent: 100 - (distribution?.onDemandPercentageAboveBaseCapacity ?? 100),
      rootGiB: template.blockDeviceMappings[0].ebs.volumeSize as number,
    };
  });
  const roles = (["server", "bastion"] as const).map((role) => ({
    role,
    types: instances.filter(({ tags }) => tags.Role === role).map(({ instanceType }) => instanceType as string),
  }));
  const secrets = (role: string) =>
    Object.keys(mocks.ofType("aws:ssm/parameter:Parameter")).filter((name) => name.startsWith(`secrets-${role}-`))
      .length;
  const publicBalancers = balancers.filter(({ internal }) => !internal);
  const endpoints = inputsOf("ec2/vpcEndpoint:VpcEndpoint").filter((each) => each.vpcEndpointType === "Interface");
  return {
    hosts: roles.flatMap(({ role, types }) =>
      [...new Set(types)].map((type) => ({ role, type, count: types.filter((each) => each === type).length })),
    ),
    pools: pools.map(({ name, type, workers, spotPercent }) => ({ name, type, workers, spotPercent })),
    sizedGiB:
      sum(inputsOf("ebs/volume:Volume").map(({ size }) => size)) +
      sum(instances.map(({ rootBlockDevice }) => rootBlockDevice.volumeSize ?? 0)) +
      sum(pools.map(({ workers, rootGiB }) => workers * rootGiB)),
    imageDisks: instances.filter(({ rootBlockDevice }) => rootBlockDevice.volumeSize === undefined).length,
    natGateways: inputsOf("ec2/natGateway:NatGateway").length,
    applicationLoadBalancers: balancers.filter((each) => each.loadBalancerType === "application").length,
    networkLoadBalancers: balancers.filter((each) => each.loadBalancerType === "network").length,
    publicAddresses:
      inputsOf("ec2/eip:Eip").length +
      instances.filter((each) => each.associatePublicIpAddress).length +
      sum(publicBalancers.map(({ subnets }) => subnets.length)),
    endpoints: sum(endpoints.map(({ subnetIds }) => subnetIds.length)),
    metrics: sum(dashboards.map((each) => ownMetrics(each.dashboardBody, each.dashboardName))),
    alarmMetrics: sum(inputsOf("cloudwatch/metricAlarm:MetricAlarm").map(metricsOfAlarm)) + 2 * scaling.length,
    dashboards: dashboards.length,
    flowLogs: inputsOf("ec2/flowLog:FlowLog").length,
    keys: inputsOf("kms/key:Key").length,
    buckets: inputsOf("s3/bucket:Bucket").length,
    repositories: inputsOf("ecr/repository:Repository").length,
    secretReads:
      roles[0]!.types.length * secrets("servers") + sum(pools.map((pool) => pool.workers)) * secrets("workers"),
  };
}

/** AWS types that cost nothing by themselves, or whose price is part of another's. */
const FREE =
  /^aws:(iam\/|vpc\/|lb\/(listener|target)|ec2\/(defaultSecurityGroup|internetGateway|launchTemplate|networkInterface|route|securityGroup|subnet|volumeAttachment|vpc:)|autoscaling\/(attachment|lifecycleHook)|ecr\/lifecyclePolicy|s3\/bucket[A-Z]|kms\/alias)/;
/** Those that {@link registeredBill} reads, and log groups, whose price is that of what comes in. */
const BILLED =
  /^aws:(autoscaling\/(group|policy):|cloudwatch\/(dashboard|logGroup|metricAlarm)|ebs\/volume:|ec2\/(eip|flowLog|instance|natGateway|vpcEndpoint)|ecr\/repository|kms\/key|lb\/loadBalancer|s3\/bucket:|ssm\/parameter)/;

/** Registered types of AWS of which nobody has said whether they cost anything. */
export function unjudgedTypes(mocks: RecordingMocks): string[] {
  const types = new Set(mocks.registrations.map(({ type }) => type));
  return [...types].filter((type) => type.startsWith("aws:") && !FREE.test(type) && !BILLED.test(type));
}

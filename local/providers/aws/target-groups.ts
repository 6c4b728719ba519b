import type { ResourceModel } from "../model";
import { retryWhile } from "../wait";
import type { Props } from "../wire";
import { hashedId, pascal, tagList, taggers, unlessGone, waiting, withTags, type Aws } from "./context";
import { attributes } from "./load-balancing";

/** Arguments that the API knows as attributes, by key. */
const targetGroupAttributes: Record<string, string> = {
  deregistrationDelay: "deregistration_delay.timeout_seconds",
  slowStart: "slow_start.duration_seconds",
  loadBalancingAlgorithmType: "load_balancing.algorithm.type",
  loadBalancingCrossZoneEnabled: "load_balancing.cross_zone.enabled",
  connectionTermination: "deregistration_delay.connection_termination.enabled",
  preserveClientIp: "preserve_client_ip.enabled",
  proxyProtocolV2: "proxy_protocol_v2.enabled",
};

function healthCheck(args: Props): Props {
  const { enabled, healthyThreshold, unhealthyThreshold, interval, timeout, matcher, path, port, protocol } =
    args.healthCheck ?? {};
  const byCode = matcher && (args.protocolVersion === "GRPC" ? { GrpcCode: matcher } : { HttpCode: matcher });
  return {
    HealthCheckEnabled: enabled,
    HealthCheckIntervalSeconds: interval,
    HealthCheckPath: path,
    HealthCheckPort: port,
    HealthCheckProtocol: protocol,
    HealthCheckTimeoutSeconds: timeout,
    HealthyThresholdCount: healthyThreshold,
    UnhealthyThresholdCount: unhealthyThreshold,
    Matcher: byCode,
  };
}

function stickiness(block: Props | undefined) {
  if (!block) return [];
  const { enabled = true, type, cookieDuration = 86400, cookieName } = block;
  const values: Props = {
    enabled,
    type,
    [`${type}.duration_seconds`]: cookieDuration,
    "app_cookie.cookie_name": cookieName,
  };
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ Key: `stickiness.${key}`, Value: String(value) }));
}

const targetGroup: ResourceModel<Aws> = {
  args: `name! namePrefix! port! protocol! protocolVersion! targetType! vpcId! ipAddressType!
    healthCheck{enabled healthyThreshold unhealthyThreshold interval timeout matcher path port protocol}
    stickiness{enabled type cookieDuration cookieName} ${Object.keys(targetGroupAttributes).join(" ")}`,
  autoname: { property: "name", maxLength: 32 },
  defaults: { targetType: "instance", deregistrationDelay: 300 },
  async create({ elb }, args, { created }) {
    const { name, port, protocol, protocolVersion, targetType, vpcId, ipAddressType } = args;
    const { TargetGroups } = await elb.createTargetGroup({
      ...pascal({ port, protocol, protocolVersion, targetType, vpcId, ipAddressType }),
      ...healthCheck(args),
      Name: name,
      Tags: args.tagsAll && tagList(args.tagsAll),
    });
    const id = TargetGroups![0]!.TargetGroupArn!;
    created(id);
    const Attributes = [...attributes(targetGroupAttributes, args), ...stickiness(args.stickiness)];
    if (Attributes.length > 0) await elb.modifyTargetGroupAttributes({ TargetGroupArn: id, Attributes });
    return id;
  },
  async read({ elb }, id) {
    const found = (await unlessGone(elb.describeTargetGroups({ TargetGroupArns: [id] })))?.TargetGroups?.[0];
    const arnSuffix = id.slice(id.lastIndexOf(":") + 1);
    return found && { arn: id, arnSuffix, loadBalancerArns: found.LoadBalancerArns ?? [] };
  },
  async update({ elb }, { id, news, changed }) {
    if (changed.has("healthCheck")) await elb.modifyTargetGroup({ TargetGroupArn: id, ...healthCheck(news) });
    const Attributes = attributes(targetGroupAttributes, news, [...changed]);
    if (changed.has("stickiness")) Attributes.push(...stickiness(news.stickiness ?? { enabled: false }));
    if (Attributes.length > 0) await elb.modifyTargetGroupAttributes({ TargetGroupArn: id, Attributes });
  },
  async delete({ elb }, id, _state, operation) {
    const wait = waiting(operation, "the target group to be free", 300);
    const busy = (error: Error) => error.name.startsWith("ResourceInUse");
    await unlessGone(retryWhile(wait, busy, () => elb.deleteTargetGroup({ TargetGroupArn: id })));
  },
};

const targetGroupAttachment: ResourceModel<Aws> = {
  args: "targetGroupArn! targetId! port! availabilityZone!",
  async create({ elb }, { targetGroupArn, targetId: Id, port: Port, availabilityZone: AvailabilityZone }) {
    await elb.registerTargets({ TargetGroupArn: targetGroupArn, Targets: [{ Id, Port, AvailabilityZone }] });
    return hashedId(`${targetGroupArn}-`, `${Id}:${Port ?? ""}`);
  },
  async read({ elb }, _id, { targetGroupArn, targetId: Id, port }) {
    const found = await unlessGone(elb.describeTargetHealth({ TargetGroupArn: targetGroupArn }));
    const there = found?.TargetHealthDescriptions?.some(
      ({ Target, TargetHealth }) =>
        Target?.Id === Id && (port === undefined || Target?.Port === port) && TargetHealth?.State !== "draining",
    );
    return there ? {} : undefined;
  },
  async delete({ elb }, _id, { targetGroupArn, targetId: Id, port: Port, availabilityZone: AvailabilityZone }) {
    const request = { TargetGroupArn: targetGroupArn, Targets: [{ Id, Port, AvailabilityZone }] };
    await unlessGone(elb.deregisterTargets(request));
  },
};

export const targetGroupResources: Record<string, ResourceModel<Aws>> = {
  "aws:lb/targetGroup:TargetGroup": withTags(targetGroup, taggers.elb),
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": targetGroupAttachment,
};

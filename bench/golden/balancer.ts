import { cloud } from "../../tests/e2e/clients";
import type { Made } from "./made";

export interface BalancerOptions {
  readonly name: string;
  /** Of the targets. */
  readonly port: number;
  readonly healthPath: string;
  /** For which a target that is let go may finish what it has begun. */
  readonly drainSeconds: number;
}

export interface Balancer {
  /** Without a path. */
  readonly url: string;
  readonly targetGroupArn: string;
  /** The security group that lets it reach a target. */
  readonly targetSecurityGroupId: string;
}

/** A load balancer in the stack's network, with the settings of the stack's own where nothing else is said. */
export async function createBalancer(made: Made, options: BalancerOptions): Promise<Balancer> {
  const { name, port } = options;
  const { ec2, elb } = await cloud();
  const { LoadBalancers: found = [] } = await elb.describeLoadBalancers({});
  const { VpcId, AvailabilityZones = [] } = found.find(({ Type }) => Type === "application")!;

  const securityGroup = async (GroupName: string, opened: number, from: object): Promise<string> => {
    const { GroupId } = await ec2.createSecurityGroup({ VpcId, GroupName, Description: GroupName });
    made.note(`security group ${GroupName}`, () => ec2.deleteSecurityGroup({ GroupId }));
    const permission = { IpProtocol: "tcp", FromPort: opened, ToPort: opened, ...from };
    await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [permission] });
    return GroupId!;
  };
  const edge = await securityGroup(`${name}-edge`, 80, { IpRanges: [{ CidrIp: "0.0.0.0/0" }] });
  const targets = await securityGroup(`${name}-targets`, port, { UserIdGroupPairs: [{ GroupId: edge }] });

  const Subnets = AvailabilityZones.map(({ SubnetId }) => SubnetId!);
  const { LoadBalancers } = await elb.createLoadBalancer({ Name: name, Subnets, SecurityGroups: [edge] });
  const { LoadBalancerArn, DNSName } = LoadBalancers![0]!;
  made.note(`load balancer ${name}`, () => elb.deleteLoadBalancer({ LoadBalancerArn }));

  const { TargetGroups } = await elb.createTargetGroup({
    ...{ Name: name, VpcId, Protocol: "HTTP", Port: port, TargetType: "instance" },
    ...{ HealthCheckProtocol: "HTTP", HealthCheckPath: options.healthPath, Matcher: { HttpCode: "200" } },
    ...{ HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2 },
    ...{ HealthyThresholdCount: 2, UnhealthyThresholdCount: 2 },
  });
  const TargetGroupArn = TargetGroups![0]!.TargetGroupArn!;
  made.note(`target group ${name}`, () => elb.deleteTargetGroup({ TargetGroupArn }));
  await elb.modifyTargetGroupAttributes({
    TargetGroupArn,
    Attributes: [
      { Key: "deregistration_delay.timeout_seconds", Value: String(options.drainSeconds) },
      { Key: "load_balancing.algorithm.type", Value: "least_outstanding_requests" },
    ],
  });

  const DefaultActions = [{ Type: "forward" as const, TargetGroupArn }];
  const { Listeners } = await elb.createListener({ LoadBalancerArn, Protocol: "HTTP", Port: 80, DefaultActions });
  const { ListenerArn } = Listeners![0]!;
  made.note(`listener of ${name}`, () => elb.deleteListener({ ListenerArn }));
  return { url: `http://${DNSName}`, targetGroupArn: TargetGroupArn, targetSecurityGroupId: targets };
}

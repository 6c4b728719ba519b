import { PutMetricDataCommand, type MetricDatum } from "@aws-sdk/client-cloudwatch";
import { DescribeTargetGroupsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Clock } from "./alarms";
import type { AnswerContext } from "./answers";
import { allGroups, isLeaving } from "./group-members";
import type { Traffic } from "./types";

/** The metrics that AWS's own services report, as far as something here asks for them. */
export class AwsMetrics {
  private readonly before = new Map<string, Traffic>();

  constructor(private readonly context: AnswerContext) {}

  /** Reports on the minute that has just ended. */
  async report({ now, minuteSeconds }: Clock): Promise<void> {
    const Timestamp = new Date(Math.floor(now.getTime() / 1000 / minuteSeconds) * minuteSeconds * 1000 - 1000);
    const put = async (Namespace: string, data: MetricDatum[]) => {
      const MetricData = data.map((datum) => ({ ...datum, Timestamp }));
      if (data.length > 0)
        await this.context.clients.cloudwatch.send(new PutMetricDataCommand({ Namespace, MetricData }));
    };
    await put("AWS/ApplicationELB", await this.ofLoadBalancers());
    await put("AWS/AutoScaling", await this.ofGroups());
  }

  private async ofLoadBalancers(): Promise<MetricDatum[]> {
    const { clients, hypervisor } = this.context;
    const { TargetGroups = [] } = await clients.elb.send(new DescribeTargetGroupsCommand({}));
    return TargetGroups.flatMap(({ TargetGroupArn, LoadBalancerArns = [] }) => {
      const balancer = LoadBalancerArns.find((arn) => arn.includes(":loadbalancer/app/"));
      if (balancer === undefined) return [];
      const LoadBalancer = { Name: "LoadBalancer", Value: balancer.split(":loadbalancer/")[1] };
      const TargetGroup = { Name: "TargetGroup", Value: TargetGroupArn!.split(":").at(-1) };
      const states = hypervisor.targetHealth(TargetGroupArn!).map(({ state }) => state);
      const count = (MetricName: string, wanted: string): MetricDatum => ({
        ...{ MetricName, Dimensions: [TargetGroup, LoadBalancer], Unit: "Count" },
        Value: states.filter((state) => state === wanted).length,
      });
      const traffic = this.ofTraffic(balancer).map((datum) => ({ ...datum, Dimensions: [LoadBalancer] }));
      return [count("HealthyHostCount", "healthy"), count("UnHealthyHostCount", "unhealthy"), ...traffic];
    });
  }

  /** As in AWS, what did not happen is not reported. */
  private ofTraffic(arn: string): MetricDatum[] {
    const total = this.context.hypervisor.traffic(arn);
    if (total === undefined) return [];
    const before = this.before.get(arn) ?? { requests: 0, refused: 0, failed: 0 };
    this.before.set(arn, total);
    const counts = {
      RequestCount: total.requests - before.requests,
      HTTPCode_ELB_5XX_Count: total.refused - before.refused,
      HTTPCode_Target_5XX_Count: total.failed - before.failed,
    };
    const happened = Object.entries(counts).filter(([, count]) => count > 0);
    const data: MetricDatum[] = happened.map(([MetricName, Value]) => ({ MetricName, Value, Unit: "Count" }));
    if (counts.RequestCount > 0)
      data.push({ MetricName: "TargetResponseTime", Value: total.responseSeconds, Unit: "Seconds" });
    return data;
  }

  /** Of groups that were asked to. */
  private async ofGroups(): Promise<MetricDatum[]> {
    const { clients, hypervisor } = this.context;
    return (await allGroups(clients)).flatMap((group) => {
      const members = (group.Instances ?? []).filter((instance) => !isLeaving(instance));
      const figures: Record<string, number> = {
        GroupDesiredCapacity: group.DesiredCapacity!,
        GroupInServiceInstances: members.filter(({ InstanceId }) => hypervisor.hostState(InstanceId!) === "running")
          .length,
      };
      const enabled = (group.EnabledMetrics ?? []).map(({ Metric }) => Metric!).filter((name) => name in figures);
      return enabled.map((MetricName) => ({
        ...{ MetricName, Value: figures[MetricName], Unit: "None" as const },
        Dimensions: [{ Name: "AutoScalingGroupName", Value: group.AutoScalingGroupName }],
      }));
    });
  }
}

import * as pulumi from "@pulumi/pulumi";

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: pulumi.Input<string> | readonly pulumi.Input<string>[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, pulumi.Input<string>>>>>;
}

/** What a resource's own policy says, which names whom it is for. */
export interface ResourceStatement extends Statement {
  readonly Principal: Readonly<Record<string, pulumi.Input<string>>>;
}

/** The text of an IAM policy. */
export function policyDocument(statements: readonly Statement[]): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements as Statement[] });
}

/** Who may take a role: a service of AWS, such as `ec2.amazonaws.com`. */
export function trustPolicy(service: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
}

/** Auto-join by tag: the API has no finer grain than the region. */
export function discoverServers(region: string): Statement {
  return {
    Sid: "DiscoverServers",
    Effect: "Allow",
    Action: ["ec2:DescribeInstances"],
    Resource: "*",
    Condition: { StringEquals: { "aws:RequestedRegion": region } },
  };
}

/** Telling the Auto Scaling group of a worker that it may go, or is still at it. The group's ARN holds an id that is not known before it exists. */
export function leaveGroup(region: string, groupName: string): Statement {
  return {
    Sid: "LeaveGroup",
    Effect: "Allow",
    Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
    Resource: `arn:aws:autoscaling:${region}:*:autoScalingGroup:*:autoScalingGroupName/${groupName}`,
  };
}

/** Calling workers unhealthy, which their groups then replace. */
export function reportLostWorkers(region: string, cluster: string): Statement {
  return {
    Sid: "ReportLostWorkers",
    Effect: "Allow",
    Action: ["autoscaling:SetInstanceHealth"],
    Resource: `arn:aws:autoscaling:${region}:*:autoScalingGroup:*:autoScalingGroupName/${cluster}-*`,
  };
}

/** Metrics under the cluster's own name, which is their namespace. PutMetricData knows no resources. */
export function putMetrics(cluster: string): Statement {
  return {
    Sid: "PutMetrics",
    Effect: "Allow",
    Action: ["cloudwatch:PutMetricData"],
    Resource: "*",
    Condition: { StringEquals: { "cloudwatch:namespace": cluster } },
  };
}

/** Pulling images, from these repositories only. The login itself cannot be narrowed. */
export function pullImages(repositoryArns: readonly pulumi.Input<string>[]): readonly Statement[] {
  return [
    { Sid: "LogInToRegistry", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: "*" },
    {
      Sid: "PullImages",
      Effect: "Allow",
      Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      Resource: repositoryArns,
    },
  ];
}

/**
 * Session Manager and nothing else. The managed policy AmazonSSMManagedInstanceCore would also allow reading every
 * parameter of the account, the servers' secrets among them.
 */
export function sessionManager(): Statement {
  return {
    Sid: "SessionManager",
    Effect: "Allow",
    Action: [
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ],
    Resource: "*",
  };
}

import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient } from "@aws-sdk/client-iam";
import { KMSClient } from "@aws-sdk/client-kms";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { operator } from "./sessions";

export type Clients = ReturnType<typeof motoClients>;

/** Clients that reach moto itself, past the front: what the front adds must not call itself. */
export function motoClients(endpoint: string, region: string) {
  const settings = {
    endpoint,
    region,
    credentials: operator,
    maxAttempts: 2,
  };
  return {
    ec2: new EC2Client(settings),
    autoscaling: new AutoScalingClient(settings),
    cloudwatch: new CloudWatchClient(settings),
    elb: new ElasticLoadBalancingV2Client(settings),
    ecr: new ECRClient(settings),
    iam: new IAMClient(settings),
    kms: new KMSClient(settings),
    ssm: new SSMClient(settings),
    sts: new STSClient(settings),
  };
}

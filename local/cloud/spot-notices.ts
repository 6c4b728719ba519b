import {
  DescribeAutoScalingInstancesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  DescribeInstancesCommand,
  type EC2Client,
  RebootInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import type { Answers } from "./answers";
import { errorResponse, xmlResponse, type ApiCall } from "./api-call";
import type { Clients } from "./clients";
import { findGroup } from "./group-members";
import { write } from "./xml";

/** EC2 gives a spot instance two minutes. */
const NOTICE_SECONDS = 120;

/** Which spot instances EC2 wants back, and when. */
export class SpotNotices {
  private readonly ends = new Map<string, Date>();

  constructor(
    private readonly log: (line: string) => void,
    private readonly seconds = NOTICE_SECONDS,
  ) {}

  /** When an instance is to end, if it has had notice. */
  endOf(instanceId: string): Date | undefined {
    return this.ends.get(instanceId);
  }

  /** Gives notice. A group with capacity rebalancing launches the successor at once, and lets the instance go. */
  async give(clients: Clients, instanceId: string): Promise<void> {
    if (this.ends.has(instanceId)) return;
    this.ends.set(instanceId, new Date(Date.now() + this.seconds * 1000));
    this.log(`${instanceId}: to be interrupted in ${this.seconds} s`);
    setTimeout(() => {
      clients.ec2
        .send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }))
        .catch((error: Error) => this.log(`${instanceId}: ${error.message}`))
        .finally(() => this.ends.delete(instanceId));
    }, this.seconds * 1000).unref();

    const { AutoScalingInstances } = await clients.autoscaling.send(
      new DescribeAutoScalingInstancesCommand({ InstanceIds: [instanceId] }),
    );
    const name = AutoScalingInstances?.[0]?.AutoScalingGroupName;
    const group = name === undefined ? undefined : await findGroup(clients, name);
    if (!group?.CapacityRebalance) return;
    await clients.autoscaling.send(
      new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: instanceId,
        ShouldDecrementDesiredCapacity: false,
      }),
    );
  }
}

/** What the action SendSpotInstanceInterruptions does, which AWS's Fault Injection Service calls, and nobody else there. */
export function spotAnswers(notices: SpotNotices): Answers {
  const refuse = (call: ApiCall, code: string, message: string) => errorResponse(call, 400, code, message);
  return {
    "ec2:SendSpotInstanceInterruptions": {
      async before(call, { clients }) {
        const id = call.query.get("InstanceId.1") ?? "";
        const filter = { Filters: [{ Name: "instance-id", Values: [id] }] };
        const { Reservations } = await clients.ec2.send(new DescribeInstancesCommand(filter));
        const instance = Reservations?.[0]?.Instances?.[0];
        if (instance === undefined)
          return refuse(call, "InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
        if (instance.InstanceLifecycle !== "spot")
          return refuse(call, "InvalidParameterValue", `The instance '${id}' is not a Spot Instance`);
        await notices.give(clients, id);
        return xmlResponse(200, write({ SendSpotInstanceInterruptionsResponse: { return: "true" } }));
      },
    },
  };
}

/** Calls that action, which AWS's SDK does not have: it is the request of another one, under this name. */
export async function sendSpotNotice(client: Pick<EC2Client, "send">, instanceId: string): Promise<void> {
  const command = new RebootInstancesCommand({ InstanceIds: [instanceId] });
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string; headers: Record<string, string> };
      request.body = request.body.replace("Action=RebootInstances", "Action=SendSpotInstanceInterruptions");
      request.headers["content-length"] = String(request.body.length);
      return next(args);
    },
    { step: "build", priority: "low" },
  );
  await client.send(command);
}

import type { AutoScalingGroup } from "@aws-sdk/client-auto-scaling";
import type { Answer, Answers } from "./answers";
import { editResult, errorResponse, memberValues, queryResponse, type ApiCall, type ApiResponse } from "./api-call";
import { findGroup } from "./group-members";
import type { Refresh, Refreshes } from "./instance-refresh";
import type { Hypervisor } from "./types";
import { listOf, type Xml } from "./xml";

const groupName = (call: ApiCall): string => call.query.get("AutoScalingGroupName") ?? "";

function unknownGroup(call: ApiCall): ApiResponse {
  const message = `AutoScalingGroup name not found - AutoScalingGroup '${groupName(call)}' not found`;
  return errorResponse(call, 400, "ValidationError", message);
}

/** An instance whose host does not run yet is not in service. */
function showPending(instances: { [name: string]: Xml }[], hypervisor: Hypervisor): void {
  for (const instance of instances) {
    const state = hypervisor.hostState(String(instance.InstanceId));
    if (instance.LifecycleState === "InService" && (state === "pending" || state === "absent")) {
      instance.LifecycleState = "Pending";
    }
  }
}

/** moto accepts a capacity outside of the group's bounds. */
const capacityInBounds: Answer = {
  async before(call, context) {
    const wanted = Number(call.query.get("DesiredCapacity") ?? NaN);
    if (Number.isNaN(wanted)) return undefined;
    const group = await findGroup(context.clients, groupName(call));
    if (group === undefined) return unknownGroup(call);
    const bound = (name: "MinSize" | "MaxSize"): number => Number(call.query.get(name) ?? group[name]);
    const refuse = (side: string, value: number): ApiResponse => {
      const message = `New SetDesiredCapacity value ${wanted} is ${side} value ${value} for the AutoScalingGroup.`;
      return errorResponse(call, 400, "ValidationError", message);
    };
    if (wanted > bound("MaxSize")) return refuse("above max", bound("MaxSize"));
    if (wanted < bound("MinSize")) return refuse("below min", bound("MinSize"));
    return undefined;
  },
};

/** The parts of a refresh that the API shows. */
function refreshView(refresh: Refresh) {
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: refresh.group,
    Status: refresh.status,
    StatusReason: refresh.reason,
    StartTime: refresh.started,
    EndTime: refresh.ended,
    PercentageComplete: refresh.total === 0 ? 100 : Math.floor((100 * refresh.replaced) / refresh.total),
    InstancesToUpdate: refresh.total - refresh.replaced,
    Preferences: { ...refresh.preferences },
  };
}

/** Bounds, pending hosts, and instance refreshes, which moto lacks. */
export function autoscalingAnswers(refreshes: Refreshes): Answers {
  const onGroup = (answer: (call: ApiCall, group: AutoScalingGroup) => ApiResponse): Answer => ({
    async before(call, context) {
      const group = await findGroup(context.clients, groupName(call));
      return group === undefined ? unknownGroup(call) : answer(call, group);
    },
  });
  return {
    "autoscaling:SetDesiredCapacity": capacityInBounds,
    "autoscaling:UpdateAutoScalingGroup": capacityInBounds,
    "autoscaling:DeleteAutoScalingGroup": {
      async before(call, context) {
        if (call.query.get("ForceDelete") === "true") return undefined;
        const group = await findGroup(context.clients, groupName(call));
        if (!group?.Instances?.length) return undefined;
        const message = "You cannot delete an AutoScalingGroup while there are instances still in the group.";
        return errorResponse(call, 400, "ResourceInUse", message);
      },
    },
    "autoscaling:DescribeAutoScalingGroups": {
      after: (call, response, { hypervisor }) =>
        editResult(call, response, (result) => {
          for (const group of listOf(result.AutoScalingGroups)) showPending(listOf(group.Instances), hypervisor);
        }),
    },
    "autoscaling:DescribeAutoScalingInstances": {
      after: (call, response, { hypervisor }) =>
        editResult(call, response, (result) => showPending(listOf(result.AutoScalingInstances), hypervisor)),
    },
    "autoscaling:StartInstanceRefresh": onGroup((call, group) => {
      const number = (name: string): number | undefined => {
        const value = call.query.get(`Preferences.${name}`);
        return value === null ? undefined : Number(value);
      };
      const refresh = refreshes.start(group, {
        MinHealthyPercentage: number("MinHealthyPercentage") ?? 90,
        MaxHealthyPercentage: number("MaxHealthyPercentage") ?? 100,
        InstanceWarmup: number("InstanceWarmup") ?? 0,
        SkipMatching: call.query.get("Preferences.SkipMatching") === "true",
      });
      if (refresh !== undefined) return queryResponse(call, { InstanceRefreshId: refresh.id });
      const message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
      return errorResponse(call, 400, "InstanceRefreshInProgress", message);
    }),
    "autoscaling:DescribeInstanceRefreshes": onGroup((call) => {
      const ids = memberValues(call.query, "InstanceRefreshIds");
      const found = refreshes.of(groupName(call)).filter(({ id }) => ids.length === 0 || ids.includes(id));
      return queryResponse(call, { InstanceRefreshes: found.map(refreshView) });
    }),
    "autoscaling:CancelInstanceRefresh": onGroup((call) => {
      const refresh = refreshes.cancel(groupName(call));
      if (refresh !== undefined) return queryResponse(call, { InstanceRefreshId: refresh.id });
      const message = `No in progress or pending Instance Refresh found for Auto Scaling group ${groupName(call)}`;
      return errorResponse(call, 400, "ActiveInstanceRefreshNotFound", message);
    }),
  };
}

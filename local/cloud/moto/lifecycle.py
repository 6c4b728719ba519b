"""Lifecycle hooks: an instance that is to end leaves its load balancers, and waits until its host lets it go or the hook's time is over."""

import time

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, TerminateInstanceActivity
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from wraps import wraps

TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
WAITING = "Terminating:Wait"


def hooks_of(group):
    hooks = group.autoscaling_backend.lifecycle_hooks.values()
    return [hook for hook in hooks if hook.auto_scaling_group_name == group.name and hook.lifecycle_transition == TERMINATING]


def end(group, states):
    group.instance_states = [state for state in group.instance_states if state not in states]
    group.autoscaling_backend.ec2_backend.terminate_instances([state.instance.id for state in states])


def begin_to_leave(group, states):
    """Ends the instances, or begins their wait if the group has a hook for it. They don't count as the group's capacity then."""
    hooks = hooks_of(group)
    if not hooks:
        return end(group, states)
    for state in states:
        state.lifecycle_state = WAITING
        state.hooks = {hook.name: time.time() + hook.heartbeat_timeout for hook in hooks}
        for arn in group.target_group_arns:
            group.autoscaling_backend.elbv2_backend.deregister_targets(arn, [{"Id": state.instance.id}])


def complete(group, state, hook):
    del state.hooks[hook]
    if not state.hooks:
        end(group, [state])


def end_overdue(backend):
    """A host that says nothing any more holds up nobody for longer than the hook's time."""
    for group in list(backend.autoscaling_groups.values()):
        overdue = [
            state
            for state in group.instance_states
            if state.lifecycle_state == WAITING and all(until < time.time() for until in state.hooks.values())
        ]
        if overdue:
            end(group, overdue)


@wraps(AutoScalingBackend, "describe_auto_scaling_groups")
def groups_without_overdue(plain, self, *args, **kwargs):
    end_overdue(self)
    return plain(self, *args, **kwargs)


@wraps(AutoScalingBackend, "delete_lifecycle_hook")
def delete_lifecycle_hook(plain, self, as_name, name):
    """Nobody waits any more for a hook that is gone."""
    plain(self, as_name, name)
    group = self.autoscaling_groups.get(as_name)
    for state in [each for each in group.instance_states if name in getattr(each, "hooks", {})] if group else []:
        complete(group, state, name)


@wraps(AutoScalingBackend, "delete_auto_scaling_group")
def delete_auto_scaling_group(plain, self, group_name):
    """A group's hooks go with it."""
    plain(self, group_name)
    for key in [key for key, hook in self.lifecycle_hooks.items() if hook.auto_scaling_group_name == group_name]:
        del self.lifecycle_hooks[key]


@wraps(AutoScalingBackend, "terminate_instance")
def terminate_instance(plain, self, instance_id, should_decrement):
    states = [state for group in self.autoscaling_groups.values() for state in group.instance_states]
    state = next((state for state in states if state.instance.id == instance_id), None)
    if state is None:
        raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
    group = state.auto_scaling_group
    if not hooks_of(group):
        return plain(self, instance_id, should_decrement)
    if state.lifecycle_state == WAITING:
        raise ValidationError(f"The instance {instance_id} is not in InService or EnteringStandby or Standby.")
    size = group.desired_capacity
    begin_to_leave(group, [state])
    group.set_desired_capacity(size - 1 if should_decrement else size)
    return TerminateInstanceActivity(state.instance, size)


@wraps(AutoScalingBackend, "update_attached_target_groups")
def only_those_in_service(_plain, self, group_name):
    """Who is on the way out is not registered again."""
    group = self.autoscaling_groups[group_name]
    staying = [state.instance.id for state in group.instance_states if state.lifecycle_state != WAITING]
    for arn in group.target_group_arns:
        port = self.elbv2_backend.target_groups[arn].port
        self.elbv2_backend.register_targets(arn, [{"Id": each, "Port": port} for each in staying])


def active_action(response):
    """The group, the waiting instance and the hook's name that a host's call is about."""
    backend = response.autoscaling_backend
    group_name = response._get_param("AutoScalingGroupName")
    hook = response._get_param("LifecycleHookName")
    instance_id = response._get_param("InstanceId")
    group = backend.autoscaling_groups.get(group_name)
    for state in group.instance_states if group else []:
        if state.instance.id == instance_id and hook in getattr(state, "hooks", {}):
            return group, state, hook
    raise ValidationError(f"No active Lifecycle Action found with instance ID {instance_id}")


def complete_lifecycle_action(self):
    complete(*active_action(self))
    return EmptyResult()


def record_lifecycle_action_heartbeat(self):
    group, state, hook = active_action(self)
    timeout = next(each.heartbeat_timeout for each in hooks_of(group) if each.name == hook)
    state.hooks[hook] = time.time() + timeout
    return EmptyResult()


AutoScalingResponse.complete_lifecycle_action = complete_lifecycle_action
AutoScalingResponse.record_lifecycle_action_heartbeat = record_lifecycle_action_heartbeat

"""Auto Scaling as groups of hosts depend on it: where, from what and in which order instances come and go."""

import copy

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from lifecycle import begin_to_leave
from wraps import wraps


def instance_template(state):
    """The launch template version that an instance was launched with, which is not always the group's present one."""
    tags = {tag["key"]: tag["value"] for tag in state.instance.get_tags()}
    template = state.auto_scaling_group and state.auto_scaling_group.ec2_launch_template
    if not template:
        return None
    return {
        "LaunchTemplateId": tags.get("aws:ec2launchtemplate:id", template.id),
        "LaunchTemplateName": template.name,
        "Version": tags.get("aws:ec2launchtemplate:version", str(template.default_version_number)),
    }


InstanceState.launch_template = property(instance_template)


def spot_wanted(group, running):
    """Whether the next instance is a spot one, by the group's MixedInstancesPolicy."""
    distribution = (group.mixed_instances_policy or {}).get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity", 0))
    above = max(running + 1 - base, 0)
    on_demand = sum(1 for state in group.instance_states if state.instance.lifecycle != "spot")
    share = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
    return on_demand >= min(base, running + 1) + -(-above * share // 100)


@wraps(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def launch(plain, self, count_needed, propagated_tags):
    """Launches from the group's template version, each in the subnet that has the fewest of the group's instances."""
    if not self.ec2_launch_template or not self.vpc_zone_identifier:
        return plain(self, count_needed, propagated_tags)
    version = self.ec2_launch_template.get_version(self.launch_template_version)
    policy = (self.mixed_instances_policy or {}).get("LaunchTemplate") or {}
    override = next(iter(policy.get("Overrides") or []), {})
    subnets = self.vpc_zone_identifier.replace(" ", "").split(",")
    tags = {**self.instance_tags, **propagated_tags, "aws:autoscaling:groupName": self.name}
    for _ in range(count_needed):
        states = self.instance_states
        subnet = min(subnets, key=lambda each: sum(1 for state in states if state.instance.subnet_id == each))
        reservation = self.autoscaling_backend.ec2_backend.run_instances(
            version.image_id,
            1,
            version.user_data,
            version.security_groups,
            instance_type=override.get("InstanceType") or version.instance_type,
            region_name=self.region,
            tags={"instance": tags},
            launch_template={"LaunchTemplateId": self.ec2_launch_template.id, "Version": str(version.number)},
            is_instance_type_default=False,
            subnet_id=subnet,
            associate_public_ip=None,
            instance_market_options="spot" if self.mixed_instances_policy and spot_wanted(self, len(states)) else None,
        )
        for instance in reservation.instances:
            instance.autoscaling_group = self
            state = InstanceState(instance, protected_from_scale_in=self.new_instances_protected_from_scale_in)
            self.instance_states.append(state)


def in_order_of_leaving(states):
    """From the fullest zone, those of an older template version first, then the oldest: the default termination policy."""

    def age(state):
        version = (state.launch_template or {}).get("Version", "0")
        return (int(version), state.instance.launch_time, state.instance.ami_launch_index)

    zones = {}
    for state in sorted(states, key=age):
        zones.setdefault(state.availability_zone, []).append(state)
    order = []
    while any(zones.values()):
        order.append(max(zones.values(), key=len).pop(0))
    return order


@wraps(FakeAutoScalingGroup, "set_desired_capacity")
def set_desired_capacity(_plain, self, new_capacity):
    """Reaches the capacity at once: with a MixedInstancesPolicy too, where moto loses an instance to rounding."""
    self.desired_capacity = self.min_size if new_capacity is None else new_capacity
    excess = len(self.active_instances()) - self.desired_capacity
    if excess < 0:
        self.replace_autoscaling_group_instances(-excess, self.get_propagated_tags())
    elif excess > 0:
        leaving = [state for state in in_order_of_leaving(self.active_instances()) if not state.protected_from_scale_in][:excess]
        if leaving:
            begin_to_leave(self, leaving)
    if self.name in self.autoscaling_backend.autoscaling_groups:
        self.autoscaling_backend.update_attached_elbs(self.name)
        self.autoscaling_backend.update_attached_target_groups(self.name)


@wraps(FakeAutoScalingGroup, "update")
def update_keeps_the_policy(plain, self, *args, **kwargs):
    """An update that names no MixedInstancesPolicy leaves the one that is there, unless another template replaces it."""
    if self.mixed_instances_policy and not any(
        kwargs.get(source) for source in ("mixed_instances_policy", "launch_template", "launch_config_name")
    ):
        kept = copy.deepcopy(self.mixed_instances_policy)
        kept["LaunchTemplate"]["LaunchTemplateSpecification"].pop("LaunchTemplateName", None)
        kwargs["mixed_instances_policy"] = kept
    plain(self, *args, **kwargs)


@wraps(AutoScalingBackend, "notify_terminate_instances")
def replacements_join_the_target_groups(plain, self, instance_ids):
    plain(self, instance_ids)
    for name in self.autoscaling_groups:
        self.update_attached_target_groups(name)

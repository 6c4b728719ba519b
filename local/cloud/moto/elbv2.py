"""Elastic Load Balancing as clients see it: names, ARNs, and the network interfaces that hold its addresses."""

from moto.elbv2.exceptions import DuplicateLoadBalancerName, ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from wraps import wraps


def give_interfaces(backend, balancer):
    """One network interface per subnet, as ELB makes them: what keeps its address apart from those of instances."""
    kind = "net" if balancer.type == "network" else "app"
    wanted = {subnet.id: subnet for subnet in balancer.subnets}
    description = f"ELB {kind}/{balancer.name}/{balancer.arn.rsplit('/', 1)[-1]}"
    for interface in [each for each in backend.ec2_backend.enis.values() if each.description == description]:
        if wanted.pop(interface.subnet.id, None) is None:
            interface.delete()
    for subnet in wanted.values():
        interface = backend.ec2_backend.create_network_interface(
            subnet, None, None, group_ids=list(balancer.security_groups or []), description=description
        )
        interface.requester_managed = True


@wraps(ELBv2Backend, "create_load_balancer")
def create_load_balancer(plain, self, name, *args, tags=None, **kwargs):
    """Names are unique, network load balancers have net/ in their ARN, each subnet gets an interface; those for HTTP span zones."""
    if any(balancer.name == name for balancer in self.load_balancers.values()):
        raise DuplicateLoadBalancerName()
    balancer = plain(self, name, *args, **kwargs)
    if balancer.type == "application" and len({subnet.availability_zone for subnet in balancer.subnets}) < 2:
        del self.load_balancers[balancer.arn]
        message = "At least two subnets in two different Availability Zones must be specified"
        raise ELBClientError("ValidationError", message)
    if balancer.type == "network":
        del self.load_balancers[balancer.arn]
        balancer.arn = balancer.arn.replace(":loadbalancer/app/", ":loadbalancer/net/")
        self.load_balancers[balancer.arn] = balancer
    self.tagging_service.tag_resource(balancer.arn, tags)
    give_interfaces(self, balancer)
    return balancer


@wraps(ELBv2Backend, "set_subnets")
def set_subnets(plain, self, arn, *args, **kwargs):
    zones = plain(self, arn, *args, **kwargs)
    give_interfaces(self, self.load_balancers[arn])
    return zones


@wraps(ELBv2Backend, "set_security_groups")
def set_security_groups(plain, self, arn, *args, **kwargs):
    result = plain(self, arn, *args, **kwargs)
    balancer = self.load_balancers[arn]
    for interface in self.ec2_backend.enis.values():
        if interface.description.endswith(f"/{balancer.name}/{arn.rsplit('/', 1)[-1]}"):
            groups = (self.ec2_backend.get_security_group_from_id(group) for group in balancer.security_groups)
            interface._group_set = [group for group in groups if group]
    return result


@wraps(ELBv2Backend, "delete_load_balancer")
def delete_load_balancer(plain, self, arn):
    balancer = self.load_balancers.get(arn)
    plain(self, arn)
    if balancer:
        balancer.subnets = []
        give_interfaces(self, balancer)


@wraps(ELBv2Backend, "create_listener")
def create_listener(plain, self, load_balancer_arn, protocol, port, *args, **kwargs):
    balancer = self.load_balancers.get(load_balancer_arn)
    if balancer and any(str(listener.port) == str(port) for listener in balancer.listeners.values()):
        raise ELBClientError("DuplicateListener", "A listener already exists on this port for this load balancer")
    return plain(self, load_balancer_arn, protocol, port, *args, **kwargs)


@wraps(FakeTargetGroup, "deregister")
def deregister(plain, self, targets):
    """A target that is not there is no error: DeregisterTargets, API reference."""
    plain(self, [target for target in targets if target["Id"] in self.targets])


@wraps(FakeTargetGroup, "register")
def register(plain, self, targets):
    for target in targets:
        if target["Id"].startswith("i-") and not self.ec2_backend.get_instance_by_id(target["Id"]):
            raise ELBClientError("InvalidTarget", f"The following targets are not in a running state and cannot be registered: '{target['Id']}'")
    plain(self, targets)

"""EC2 as hosts depend on it: addresses, interfaces, disks, and everything that a launch template gives."""

import base64
import copy
import ipaddress

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError, VolumeInUseError
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.utils import parse_user_data
from moto.elbv2 import elbv2_backends

from wraps import wraps


@wraps(Subnet, "get_available_subnet_ip")
def fresh_address_first(plain, self, instance):
    """An address is used again only when all others were: the host that had it may still be shutting down."""
    for host in self._subnet_ip_generator:
        address = str(host)
        if host != self.cidr.broadcast_address and address not in self._subnet_ips:
            self._subnet_ips[address] = instance
            return address
    return plain(self, instance)


@wraps(NetworkInterfaceBackend, "create_network_interface")
def interface_takes_a_free_address(plain, self, subnet, private_ip_address=None, private_ip_addresses=None, *args, **kwargs):
    """An interface made without an address, or with one of moto's random ones, gets one of its subnet that nobody has."""
    found = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
    stray = isinstance(private_ip_address, str) and ipaddress.ip_address(private_ip_address) not in found.cidr
    if stray or not (private_ip_address or private_ip_addresses):
        private_ip_address = found.get_available_subnet_ip(None)
    return plain(self, found, private_ip_address, private_ip_addresses, *args, **kwargs)


@wraps(NatGatewayBackend, "create_nat_gateway")
def create_nat_gateway(plain, self, *args, **kwargs):
    gateway = plain(self, *args, **kwargs)
    gateway.private_ip = gateway._eni.private_ip_address
    return gateway


@wraps(Instance, "prep_nics")
def interfaces_go_with_their_instance(plain, self, nic_spec, *args, **kwargs):
    """Those that the launch made, that is; one that was there before brings its address, and stays."""
    given = given_interface(self.ec2_backend, nic_spec)
    if given:
        self.nics = {}
        self._private_ips.add(given.private_ip_address)
        given.public_ip_auto_assign = False
        self.attach_eni(given, 0)
        return
    plain(self, nic_spec, *args, **kwargs)
    for interface in self.nics.values():
        if interface.description == "Primary network interface":
            interface.delete_on_termination = True


def given_interface(backend, nic_spec):
    """The interface that a launch is to have as its first, if it names one; nobody else may have it."""
    first = next((nic for nic in nic_spec or [] if int(nic.get("DeviceIndex", 0)) == 0), {})
    if not first.get("NetworkInterfaceId"):
        return None
    interface = backend.get_network_interface(first["NetworkInterfaceId"])
    if interface.instance:
        raise EC2ClientError("InvalidNetworkInterface.InUse", f"Interface: [{interface.id}] in use.")
    return interface


@wraps(Instance, "terminate")
def given_interfaces_are_free_again(plain, self):
    result = plain(self)
    for interface in [each for each in self.nics.values() if not each.delete_on_termination]:
        # moto reads an instance's address from its first interface, also when the instance has ended: it keeps that.
        self.nics[interface.device_index or 0] = copy.copy(interface)
        interface.instance = interface.attachment_id = interface.attach_time = interface.device_index = None
        interface.status = "available"
    return result


def used_interfaces(backend):
    """Interfaces that keep a subnet or a security group from being deleted: those of instances and load balancers."""
    return [each for each in backend.enis.values() if each.instance or each.description.startswith("ELB ")]


@wraps(SubnetBackend, "delete_subnet")
def delete_subnet(plain, self, subnet_id):
    if any(interface.subnet.id == subnet_id for interface in used_interfaces(self)):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return plain(self, subnet_id)


@wraps(SecurityGroupBackend, "delete_security_group")
def delete_security_group(plain, self, name=None, group_id=None):
    if any(group.id == group_id for interface in used_interfaces(self) for group in interface.group_set):
        raise DependencyViolationError(f"resource {group_id} has a dependent object")
    return plain(self, name, group_id)


@wraps(EBSBackend, "attach_volume")
def attach_volume(plain, self, volume_id, instance_id, *args, **kwargs):
    attachment = self.get_volume(volume_id).attachment
    if attachment:
        raise VolumeInUseError(volume_id, attachment.instance.id)
    return plain(self, volume_id, instance_id, *args, **kwargs)


@wraps(EBSBackend, "detach_volume")
def detach_volume(plain, self, volume_id, instance_id=None, device_path=None):
    """Instance and device may be left out."""
    attachment = self.get_volume(volume_id).attachment
    if attachment:
        instance_id, device_path = instance_id or attachment.instance.id, device_path or attachment.device
    return plain(self, volume_id, instance_id, device_path)


@wraps(LaunchTemplate, "create_version")
def create_version(plain, self, data, description):
    """moto checks the user data of a template's first version only, and fails when it launches from a later one."""
    if isinstance(data.get("UserData"), str):
        data["UserData"] = parse_user_data(data["UserData"])
    return plain(self, data, description)


def expand_template(data, options):
    """Fills what a launch template gives and the call doesn't; returns the template's instance profile, if any."""
    interface = next(iter(data.get("NetworkInterfaces") or []), {})
    groups = data.get("SecurityGroupIds") or interface.get("Groups") or interface.get("SecurityGroupIds")
    if groups and not options.get("security_group_ids"):
        options["security_group_ids"] = list(groups)
    if options.get("associate_public_ip") is None and interface.get("AssociatePublicIpAddress") is not None:
        options["associate_public_ip"] = str(interface["AssociatePublicIpAddress"]).lower() == "true"
    for option, key in (("metadata_options", "MetadataOptions"), ("key_name", "KeyName"), ("ebs_optimized", "EbsOptimized")):
        if not options.get(option) and data.get(key):
            options[option] = data[key]
    if not options.get("instance_market_options") and (data.get("InstanceMarketOptions") or {}).get("MarketType"):
        options["instance_market_options"] = data["InstanceMarketOptions"]["MarketType"]
    if str((data.get("Monitoring") or {}).get("Enabled")).lower() == "true":
        options["monitoring_state"] = "enabled"
    return data.get("IamInstanceProfile") or {}


@wraps(InstanceBackend, "run_instances")
def run_instances(plain, self, image_id, count, user_data, security_group_names, **options):
    """Takes profile, metadata options, security groups and market from the launch template; every instance gets the profile.

    Without any security group an instance is in its VPC's default one.
    """
    name, arn = options.get("iam_instance_profile_name"), options.get("iam_instance_profile_arn")
    if user_data and len(base64.b64decode(user_data.as_bytes())) > 16384:
        raise EC2ClientError("InvalidParameterValue", "User data is limited to 16384 bytes")
    interface = given_interface(self, options.get("nics"))
    if interface:
        options["subnet_id"] = interface.subnet.id
    template_profile = {}
    if options.get("launch_template"):
        template_profile = expand_template(self._get_template_from_args(options["launch_template"]).data, options)
    if options.get("subnet_id") and not (security_group_names or options.get("security_group_ids") or options.get("nics")):
        vpc = self.get_subnet(options["subnet_id"]).vpc_id
        options["security_group_ids"] = [self.get_default_security_group(vpc).id]
    reservation = plain(self, image_id, count, user_data, security_group_names, **options)
    # moto's own handler of RunInstances gives the profile that is named in the call to the first instance.
    instances = reservation.instances[1:] if name or arn else reservation.instances
    name, arn = name or template_profile.get("Name"), arn or template_profile.get("Arn")
    for instance in instances if name or arn else []:
        self.associate_iam_instance_profile(instance.id, iam_instance_profile_name=name, iam_instance_profile_arn=arn)
    return reservation


@wraps(InstanceBackend, "terminate_instances")
def terminated_instances_leave_their_target_groups(plain, self, instance_ids):
    terminated = plain(self, instance_ids)
    elbv2_backends[self.account_id][self.region_name].notify_terminate_instances(instance_ids)
    return terminated


@wraps(InstanceResponse, "_parse_block_device_mapping")
def disks_are_as_large_as_their_image(plain, self):
    """A mapping that names no size takes that of the machine image's snapshot."""
    for mapping in self._get_param("BlockDeviceMappings", []):
        if "Ebs" in mapping and not mapping["Ebs"].get("SnapshotId"):
            mapping["Ebs"].setdefault("VolumeSize", IMAGE_GIB)
    return plain(self)


IMAGE_GIB = 8

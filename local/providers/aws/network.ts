import type { ResourceModel } from "../model";
import { retryWhile, waitFor } from "../wait";
import type { Props } from "../wire";
import { isGone, pascal, tagged, taggers, unlessGone, waiting, withTags, type Aws } from "./context";

const busy = (error: Error) => error.name === "DependencyViolation";
/** The ARN of a thing of EC2. */
export const arn = async ({ region, account }: Aws, path: string) => `arn:aws:ec2:${region}:${await account()}:${path}`;

const vpc: ResourceModel<Aws> = {
  args: "cidrBlock! instanceTenancy! enableDnsSupport enableDnsHostnames",
  defaults: { instanceTenancy: "default", enableDnsSupport: true },
  async create({ ec2 }, args, { created }) {
    const request = { CidrBlock: args.cidrBlock, InstanceTenancy: args.instanceTenancy };
    const { Vpc } = await ec2.createVpc({ ...request, TagSpecifications: tagged("vpc", args) });
    created(Vpc!.VpcId!);
    await setDns({ ec2 }, Vpc!.VpcId!, args);
    return Vpc!.VpcId!;
  },
  async read(aws, id) {
    const found = (await unlessGone(aws.ec2.describeVpcs({ VpcIds: [id] })))?.Vpcs?.[0];
    if (!found) return undefined;
    const Filters = [{ Name: "vpc-id", Values: [id] }];
    const [tables, groups, acls] = await Promise.all([
      aws.ec2.describeRouteTables({ Filters: [...Filters, { Name: "association.main", Values: ["true"] }] }),
      aws.ec2.describeSecurityGroups({ Filters: [...Filters, { Name: "group-name", Values: ["default"] }] }),
      aws.ec2.describeNetworkAcls({ Filters: [...Filters, { Name: "default", Values: ["true"] }] }),
    ]);
    const main = tables.RouteTables?.[0]?.RouteTableId;
    return {
      arn: await arn(aws, `vpc/${id}`),
      cidrBlock: found.CidrBlock,
      ownerId: found.OwnerId ?? (await aws.account()),
      dhcpOptionsId: found.DhcpOptionsId,
      mainRouteTableId: main,
      defaultRouteTableId: main,
      defaultSecurityGroupId: groups.SecurityGroups?.[0]?.GroupId,
      defaultNetworkAclId: acls.NetworkAcls?.[0]?.NetworkAclId,
    };
  },
  update: ({ ec2 }, { id, news }) => setDns({ ec2 }, id, news),
  async delete({ ec2 }, id, _state, operation) {
    await unlessGone(
      retryWhile(waiting(operation, `the VPC ${id} to be free`, 300), busy, () => ec2.deleteVpc({ VpcId: id })),
    );
  },
};

const networkInterface: ResourceModel<Aws> = {
  args: "subnetId! description privateIp! securityGroups",
  async create({ ec2 }, args, { created }) {
    const { NetworkInterface } = await ec2.createNetworkInterface({
      ...{ SubnetId: args.subnetId, Description: args.description, PrivateIpAddress: args.privateIp },
      ...{ Groups: args.securityGroups, TagSpecifications: tagged("network-interface", args) },
    });
    created(NetworkInterface!.NetworkInterfaceId!);
    return NetworkInterface!.NetworkInterfaceId!;
  },
  async read(aws, id) {
    const request = { NetworkInterfaceIds: [id] };
    const found = (await unlessGone(aws.ec2.describeNetworkInterfaces(request)))?.NetworkInterfaces?.[0];
    return (
      found && {
        arn: await arn(aws, `network-interface/${id}`),
        privateIp: found.PrivateIpAddress,
        macAddress: found.MacAddress,
        privateDnsName: found.PrivateDnsName,
      }
    );
  },
  async update({ ec2 }, { id: NetworkInterfaceId, news, changed }) {
    if (changed.has("securityGroups"))
      await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, Groups: news.securityGroups });
    if (changed.has("description"))
      await ec2.modifyNetworkInterfaceAttribute({ NetworkInterfaceId, Description: { Value: news.description } });
  },
  async delete({ ec2 }, id, _state, operation) {
    const inUse = (error: Error) => /InUse|InvalidParameterValue/.test(error.name);
    await unlessGone(
      retryWhile(waiting(operation, `the network interface ${id} to be free`, 300), inUse, () =>
        ec2.deleteNetworkInterface({ NetworkInterfaceId: id }),
      ),
    );
  },
};

async function setDns({ ec2 }: Pick<Aws, "ec2">, VpcId: string, args: Props): Promise<void> {
  const { enableDnsSupport: support, enableDnsHostnames: hostnames = false } = args;
  await ec2.modifyVpcAttribute({ VpcId, EnableDnsSupport: { Value: support } });
  await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: hostnames } });
}

const subnet: ResourceModel<Aws> = {
  args: "vpcId! cidrBlock! availabilityZone! availabilityZoneId! mapPublicIpOnLaunch",
  defaults: { mapPublicIpOnLaunch: false },
  async create(aws, args, { created }) {
    const { vpcId, cidrBlock, availabilityZone, availabilityZoneId } = args;
    const request = pascal({ vpcId, cidrBlock, availabilityZone, availabilityZoneId });
    const { Subnet } = await aws.ec2.createSubnet({ ...request, TagSpecifications: tagged("subnet", args) });
    created(Subnet!.SubnetId!);
    if (args.mapPublicIpOnLaunch) await setPublic(aws, Subnet!.SubnetId!, true);
    return Subnet!.SubnetId!;
  },
  async read({ ec2 }, id) {
    const found = (await unlessGone(ec2.describeSubnets({ SubnetIds: [id] })))?.Subnets?.[0];
    return (
      found && {
        arn: found.SubnetArn,
        ownerId: found.OwnerId,
        availabilityZone: found.AvailabilityZone,
        availabilityZoneId: found.AvailabilityZoneId,
        mapPublicIpOnLaunch: found.MapPublicIpOnLaunch,
      }
    );
  },
  update: (aws, { id, news }) => setPublic(aws, id, news.mapPublicIpOnLaunch),
  async delete({ ec2 }, id, _state, operation) {
    await unlessGone(
      retryWhile(waiting(operation, `the subnet ${id} to be free`, 1200), busy, () =>
        ec2.deleteSubnet({ SubnetId: id }),
      ),
    );
  },
};

const setPublic = async ({ ec2 }: Aws, SubnetId: string, Value: boolean) =>
  void (await ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value } }));

const internetGateway: ResourceModel<Aws> = {
  args: "vpcId",
  async create({ ec2 }, args, { created }) {
    const { InternetGateway } = await ec2.createInternetGateway({
      TagSpecifications: tagged("internet-gateway", args),
    });
    const id = InternetGateway!.InternetGatewayId!;
    created(id);
    if (args.vpcId) await ec2.attachInternetGateway({ InternetGatewayId: id, VpcId: args.vpcId });
    return id;
  },
  async read(aws, id) {
    const request = { InternetGatewayIds: [id] };
    const found = (await unlessGone(aws.ec2.describeInternetGateways(request)))?.InternetGateways?.[0];
    const arnText = await arn(aws, `internet-gateway/${id}`);
    return found && { arn: arnText, ownerId: found.OwnerId, vpcId: found.Attachments?.[0]?.VpcId };
  },
  async update({ ec2 }, { id, olds, news, changed }) {
    if (!changed.has("vpcId")) return;
    if (olds.vpcId) await ec2.detachInternetGateway({ InternetGatewayId: id, VpcId: olds.vpcId });
    if (news.vpcId) await ec2.attachInternetGateway({ InternetGatewayId: id, VpcId: news.vpcId });
  },
  async delete({ ec2 }, id, state, operation) {
    const wait = waiting(operation, `the internet gateway ${id} to be free`, 1200);
    if (state.vpcId) {
      const detach = () => ec2.detachInternetGateway({ InternetGatewayId: id, VpcId: state.vpcId });
      await retryWhile(wait, busy, detach).catch((error: Error) => {
        if (!isGone(error) && error.name !== "Gateway.NotAttached") throw error;
      });
    }
    await unlessGone(retryWhile(wait, busy, () => ec2.deleteInternetGateway({ InternetGatewayId: id })));
  },
};

const eip: ResourceModel<Aws> = {
  args: "domain! instance networkInterface",
  defaults: { domain: "vpc" },
  async create({ ec2 }, args, { created }) {
    const { AllocationId } = await ec2.allocateAddress({
      Domain: "vpc",
      TagSpecifications: tagged("elastic-ip", args),
    });
    created(AllocationId!);
    await associate({ ec2 }, AllocationId!, args);
    return AllocationId!;
  },
  async read(aws, id) {
    const found = (await unlessGone(aws.ec2.describeAddresses({ AllocationIds: [id] })))?.Addresses?.[0];
    if (!found) return undefined;
    return {
      allocationId: id,
      arn: await arn(aws, `elastic-ip/${id}`),
      publicIp: found.PublicIp,
      publicDns: `ec2-${found.PublicIp!.replaceAll(".", "-")}.${aws.region}.compute.amazonaws.com`,
      privateIp: found.PrivateIpAddress,
      associationId: found.AssociationId,
    };
  },
  update: ({ ec2 }, { id, news, changed }) =>
    changed.has("instance") || changed.has("networkInterface") ? associate({ ec2 }, id, news) : Promise.resolve(),
  async delete({ ec2 }, id, state) {
    if (state.associationId) await unlessGone(ec2.disassociateAddress({ AssociationId: state.associationId }));
    await unlessGone(ec2.releaseAddress({ AllocationId: id }));
  },
};

async function associate({ ec2 }: Pick<Aws, "ec2">, AllocationId: string, { instance, networkInterface }: Props) {
  if (!instance && !networkInterface) return;
  const target = { InstanceId: instance, NetworkInterfaceId: networkInterface };
  await ec2.associateAddress({ AllocationId, ...target, AllowReassociation: true });
}

const natGateway: ResourceModel<Aws> = {
  args: "allocationId! subnetId! connectivityType! privateIp!",
  defaults: { connectivityType: "public" },
  async create({ ec2 }, args, operation) {
    const { allocationId, subnetId, connectivityType, privateIp } = args;
    const { NatGateway } = await ec2.createNatGateway({
      ...pascal({ allocationId, subnetId, connectivityType }),
      PrivateIpAddress: privateIp,
      TagSpecifications: tagged("natgateway", args),
    });
    const id = NatGateway!.NatGatewayId!;
    operation.created(id);
    await waitFor(waiting(operation, `the NAT gateway ${id} to be available`, 600), async () => {
      const found = await ec2.describeNatGateways({ NatGatewayIds: [id] });
      const { State: state, FailureMessage: reason } = found.NatGateways?.[0] ?? {};
      if (state === "failed") throw new Error(`the NAT gateway ${id} failed: ${reason}`);
      return state === "available" ? { done: id } : { state: String(state) };
    });
    return id;
  },
  async read({ ec2 }, id) {
    const found = (await unlessGone(ec2.describeNatGateways({ NatGatewayIds: [id] })))?.NatGateways?.[0];
    if (!found || found.State === "deleted" || found.State === "deleting") return undefined;
    const address = found.NatGatewayAddresses?.[0];
    return {
      publicIp: address?.PublicIp,
      privateIp: address?.PrivateIp,
      networkInterfaceId: address?.NetworkInterfaceId,
      associationId: address?.AssociationId,
    };
  },
  async delete({ ec2 }, id, _state, operation) {
    await unlessGone(ec2.deleteNatGateway({ NatGatewayId: id }));
    await waitFor(waiting(operation, `the NAT gateway ${id} to go`, 1800), async () => {
      const found = (await unlessGone(ec2.describeNatGateways({ NatGatewayIds: [id] })))?.NatGateways?.[0];
      return !found || found.State === "deleted" ? { done: true } : { state: String(found.State) };
    });
  },
};

export const networkResources: Record<string, ResourceModel<Aws>> = {
  "aws:ec2/vpc:Vpc": withTags(vpc, taggers.ec2),
  "aws:ec2/subnet:Subnet": withTags(subnet, taggers.ec2),
  "aws:ec2/networkInterface:NetworkInterface": withTags(networkInterface, taggers.ec2),
  "aws:ec2/internetGateway:InternetGateway": withTags(internetGateway, taggers.ec2),
  "aws:ec2/eip:Eip": withTags(eip, taggers.ec2),
  "aws:ec2/natGateway:NatGateway": withTags(natGateway, taggers.ec2),
};

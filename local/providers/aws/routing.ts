import type { ResourceModel } from "../model";
import { equal, type Props } from "../wire";
import { hashedId, pascal, tagged, taggers, unlessGone, withTags, type Aws } from "./context";

const targets =
  "gatewayId natGatewayId networkInterfaceId vpcPeeringConnectionId transitGatewayId egressOnlyGatewayId vpcEndpointId";

/** The request members of one route; the API calls some things by other names than the provider. */
function routeRequest({ cidrBlock, ipv6CidrBlock, destinationPrefixListId, egressOnlyGatewayId, ...rest }: Props) {
  const {
    destinationCidrBlock = cidrBlock,
    destinationIpv6CidrBlock = ipv6CidrBlock,
    routeTableId: _table,
    ...target
  } = rest;
  return pascal({
    destinationCidrBlock,
    destinationIpv6CidrBlock,
    destinationPrefixListId,
    egressOnlyInternetGatewayId: egressOnlyGatewayId,
    ...target,
  });
}

const destination = (route: Props): string =>
  route.destinationCidrBlock ?? route.destinationIpv6CidrBlock ?? route.destinationPrefixListId ?? route.cidrBlock;

const table = async ({ ec2 }: Aws, id: string) =>
  (await unlessGone(ec2.describeRouteTables({ RouteTableIds: [id] })))?.RouteTables?.[0];

const routeTable: ResourceModel<Aws> = {
  args: `vpcId! routes{cidrBlock ipv6CidrBlock destinationPrefixListId ${targets}}`,
  async create({ ec2 }, args, { created }) {
    const request = { VpcId: args.vpcId, TagSpecifications: tagged("route-table", args) };
    const id = (await ec2.createRouteTable(request)).RouteTable!.RouteTableId!;
    created(id);
    for (const route of args.routes ?? []) await ec2.createRoute({ RouteTableId: id, ...routeRequest(route) });
    return id;
  },
  async read(aws, id) {
    const found = await table(aws, id);
    const ownerId = found?.OwnerId ?? (await aws.account());
    return found && { ownerId, arn: `arn:aws:ec2:${aws.region}:${ownerId}:route-table/${id}` };
  },
  async update({ ec2 }, { id, olds, news, changed }) {
    if (!changed.has("routes")) return;
    const [before, after]: Props[][] = [olds.routes ?? [], news.routes ?? []];
    for (const route of before!.filter((old) => !after!.some((item) => destination(item) === destination(old)))) {
      const { DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListId } = routeRequest(route);
      await ec2.deleteRoute({
        RouteTableId: id,
        DestinationCidrBlock,
        DestinationIpv6CidrBlock,
        DestinationPrefixListId,
      });
    }
    for (const route of after!) {
      const old = before!.find((item) => destination(item) === destination(route));
      const request = { RouteTableId: id, ...routeRequest(route) };
      if (!old) await ec2.createRoute(request);
      else if (!equal(old, route)) await ec2.replaceRoute(request);
    }
  },
  delete: async ({ ec2 }, id) => void (await unlessGone(ec2.deleteRouteTable({ RouteTableId: id }))),
};

const route: ResourceModel<Aws> = {
  args: `routeTableId! destinationCidrBlock! destinationIpv6CidrBlock! destinationPrefixListId! ${targets}`,
  async create({ ec2 }, args) {
    await ec2.createRoute({ RouteTableId: args.routeTableId, ...routeRequest(args) });
    return hashedId(`r-${args.routeTableId}`, destination(args));
  },
  async read(aws, _id, state) {
    const found = (await table(aws, state.routeTableId))?.Routes?.find((item) =>
      [item.DestinationCidrBlock, item.DestinationIpv6CidrBlock, item.DestinationPrefixListId].includes(
        destination(state),
      ),
    );
    return found && { state: found.State ?? "active", origin: found.Origin ?? "CreateRoute" };
  },
  update: async ({ ec2 }, { news }) =>
    void (await ec2.replaceRoute({ RouteTableId: news.routeTableId, ...routeRequest(news) })),
  async delete({ ec2 }, _id, state) {
    const { destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId } = state;
    const which = pascal({ destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId });
    await unlessGone(ec2.deleteRoute({ RouteTableId: state.routeTableId, ...which }));
  },
};

/** The association that now holds a subnet or gateway: its id changes when it is moved to another table. */
async function association({ ec2 }: Aws, { subnetId, gatewayId }: Props) {
  const filter = subnetId
    ? { Name: "association.subnet-id", Values: [subnetId] }
    : { Name: "association.gateway-id", Values: [gatewayId] };
  const tables = (await ec2.describeRouteTables({ Filters: [filter] })).RouteTables ?? [];
  return tables
    .flatMap((item) => item.Associations ?? [])
    .find((item) => (subnetId ? item.SubnetId === subnetId : item.GatewayId === gatewayId));
}

const routeTableAssociation: ResourceModel<Aws> = {
  args: "subnetId! gatewayId! routeTableId",
  create: async ({ ec2 }, { subnetId, gatewayId, routeTableId }) =>
    (await ec2.associateRouteTable({ SubnetId: subnetId, GatewayId: gatewayId, RouteTableId: routeTableId }))
      .AssociationId!,
  async read(aws, _id, state) {
    const found = await association(aws, state);
    return found && { routeTableId: found.RouteTableId };
  },
  async update(aws, { news, changed }) {
    const found = await association(aws, news);
    if (!found || !changed.has("routeTableId")) return;
    const request = { AssociationId: found.RouteTableAssociationId!, RouteTableId: news.routeTableId };
    await aws.ec2.replaceRouteTableAssociation(request);
  },
  async delete(aws, _id, state) {
    const found = await association(aws, state);
    if (found) await unlessGone(aws.ec2.disassociateRouteTable({ AssociationId: found.RouteTableAssociationId! }));
  },
};

export const routingResources: Record<string, ResourceModel<Aws>> = {
  "aws:ec2/routeTable:RouteTable": withTags(routeTable, taggers.ec2),
  "aws:ec2/route:Route": route,
  "aws:ec2/routeTableAssociation:RouteTableAssociation": routeTableAssociation,
};

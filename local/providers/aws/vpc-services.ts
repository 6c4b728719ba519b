import type { ResourceModel } from "../model";
import { waitFor } from "../wait";
import type { Props } from "../wire";
import { pascal, policyText, tagged, taggers, unlessGone, waiting, withTags, type Aws } from "./context";
import { arn } from "./network";

const added = (olds: string[] = [], news: string[] = []) => news.filter((item) => !olds.includes(item));

const endpointParts = { routeTableIds: "RouteTableIds", subnetIds: "SubnetIds", securityGroupIds: "SecurityGroupIds" };

const vpcEndpoint: ResourceModel<Aws> = {
  args: "vpcId! serviceName! vpcEndpointType! routeTableIds subnetIds securityGroupIds policy privateDnsEnabled autoAccept",
  defaults: { vpcEndpointType: "Gateway" },
  normalize: (_aws, args) => ({ ...args, ...(args.policy ? { policy: policyText(args.policy) } : {}) }),
  async create({ ec2 }, args, operation) {
    const { policy, autoAccept: _autoAccept, tags: _tags, tagsAll: _tagsAll, ...rest } = args;
    const request = { ...pascal(rest), PolicyDocument: policy, TagSpecifications: tagged("vpc-endpoint", args) };
    const id = (await ec2.createVpcEndpoint(request)).VpcEndpoint!.VpcEndpointId!;
    operation.created(id);
    await waitFor(waiting(operation, `the VPC endpoint ${id} to be available`, 600), async () => {
      const state = (await ec2.describeVpcEndpoints({ VpcEndpointIds: [id] })).VpcEndpoints?.[0]?.State;
      return state?.toLowerCase() === "available" ? { done: id } : { state: String(state) };
    });
    return id;
  },
  async read(aws, id) {
    const found = (await unlessGone(aws.ec2.describeVpcEndpoints({ VpcEndpointIds: [id] })))?.VpcEndpoints?.[0];
    if (!found || found.State?.toLowerCase().startsWith("delet")) return undefined;
    const lists = await aws.ec2
      .describePrefixLists({ Filters: [{ Name: "prefix-list-name", Values: [found.ServiceName!] }] })
      .catch(() => undefined);
    return {
      arn: await arn(aws, `vpc-endpoint/${id}`),
      state: found.State,
      ownerId: found.OwnerId ?? (await aws.account()),
      networkInterfaceIds: found.NetworkInterfaceIds ?? [],
      dnsEntries: (found.DnsEntries ?? []).map(({ DnsName, HostedZoneId }) => ({
        dnsName: DnsName,
        hostedZoneId: HostedZoneId,
      })),
      prefixListId: lists?.PrefixLists?.[0]?.PrefixListId,
      cidrBlocks: lists?.PrefixLists?.[0]?.Cidrs ?? [],
    };
  },
  async update({ ec2 }, { id, olds, news, changed }) {
    const request: Props & { VpcEndpointId: string } = { VpcEndpointId: id };
    for (const [argument, member] of Object.entries(endpointParts)) {
      if (!changed.has(argument)) continue;
      request[`Add${member}`] = added(olds[argument], news[argument]);
      request[`Remove${member}`] = added(news[argument], olds[argument]);
    }
    if (changed.has("policy")) request["PolicyDocument"] = news.policy;
    if (changed.has("privateDnsEnabled")) request["PrivateDnsEnabled"] = news.privateDnsEnabled;
    if (Object.keys(request).length > 1) await ec2.modifyVpcEndpoint(request);
  },
  async delete({ ec2 }, id, _state, operation) {
    await unlessGone(ec2.deleteVpcEndpoints({ VpcEndpointIds: [id] }));
    await waitFor(waiting(operation, `the VPC endpoint ${id} to go`, 600), async () => {
      const found = (await unlessGone(ec2.describeVpcEndpoints({ VpcEndpointIds: [id] })))?.VpcEndpoints?.[0];
      return !found || found.State?.toLowerCase() === "deleted" ? { done: true } : { state: String(found.State) };
    });
  },
};

const flowLogTargets = { vpcId: "VPC", subnetId: "Subnet", eniId: "NetworkInterface" } as const;

const flowLog: ResourceModel<Aws> = {
  args: `vpcId! subnetId! eniId! trafficType! logDestinationType! logDestination! iamRoleArn! logFormat! maxAggregationInterval!`,
  defaults: { logDestinationType: "cloud-watch-logs", maxAggregationInterval: 600 },
  async create({ ec2 }, args) {
    const [argument, ResourceType] = Object.entries(flowLogTargets).find(([name]) => args[name]) ?? [];
    if (!argument) throw new Error("expected one of vpcId, subnetId, eniId");
    const { trafficType, logDestinationType, logDestination, logFormat, maxAggregationInterval } = args;
    const { FlowLogIds, Unsuccessful } = await ec2.createFlowLogs({
      ...pascal({ trafficType, logDestinationType, logDestination, logFormat, maxAggregationInterval }),
      ResourceIds: [args[argument]],
      ResourceType: ResourceType!,
      DeliverLogsPermissionArn: args.iamRoleArn,
      TagSpecifications: tagged("vpc-flow-log", args),
    });
    const problem = Unsuccessful?.[0]?.Error;
    if (problem) throw new Error(`${problem.Code}: ${problem.Message}`);
    return FlowLogIds![0]!;
  },
  async read(aws, id) {
    const found = (await unlessGone(aws.ec2.describeFlowLogs({ FlowLogIds: [id] })))?.FlowLogs?.[0];
    return found && { arn: await arn(aws, `vpc-flow-log/${id}`) };
  },
  delete: async ({ ec2 }, id) => void (await unlessGone(ec2.deleteFlowLogs({ FlowLogIds: [id] }))),
};

export const vpcServiceResources: Record<string, ResourceModel<Aws>> = {
  "aws:ec2/vpcEndpoint:VpcEndpoint": withTags(vpcEndpoint, taggers.ec2),
  "aws:ec2/flowLog:FlowLog": withTags(flowLog, taggers.ec2),
};

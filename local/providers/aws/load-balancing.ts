import type { ResourceModel } from "../model";
import { waitFor } from "../wait";
import type { Props } from "../wire";
import { pascal, tagList, taggers, unlessGone, waiting, withTags, type Aws } from "./context";

/** Arguments that the API knows as attributes, by key. */
const loadBalancerAttributes: Record<string, string> = {
  idleTimeout: "idle_timeout.timeout_seconds",
  clientKeepAlive: "client_keep_alive.seconds",
  enableHttp2: "routing.http2.enabled",
  enableDeletionProtection: "deletion_protection.enabled",
  enableCrossZoneLoadBalancing: "load_balancing.cross_zone.enabled",
  dropInvalidHeaderFields: "routing.http.drop_invalid_header_fields.enabled",
  desyncMitigationMode: "routing.http.desync_mitigation_mode",
  preserveHostHeader: "routing.http.preserve_host_header.enabled",
  xffHeaderProcessingMode: "routing.http.xff_header_processing.mode",
  enableXffClientPort: "routing.http.xff_client_port.enabled",
  enableWafFailOpen: "waf.fail_open.enabled",
  enableTlsVersionAndCipherSuiteHeaders: "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
};
/** The attributes among the arguments, in the API's form. */
export const attributes = (table: Record<string, string>, args: Props, names: readonly string[] = Object.keys(table)) =>
  names
    .filter((name) => table[name] && args[name] !== undefined)
    .map((name) => ({ Key: table[name]!, Value: String(args[name]) }));

const accessLogs = ({ enabled = true, bucket, prefix }: Props = { enabled: false }) =>
  Object.entries({ enabled, bucket, prefix })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ Key: `access_logs.s3.${key}`, Value: String(value) }));

const loadBalancer: ResourceModel<Aws> = {
  args: `name! namePrefix! internal! loadBalancerType! subnets securityGroups subnetMappings!{subnetId allocationId privateIpv4Address}
    ipAddressType accessLogs{bucket enabled prefix}
    ${Object.keys(loadBalancerAttributes).join(" ")}`,
  autoname: { property: "name", maxLength: 32 },
  defaults: { loadBalancerType: "application", enableDeletionProtection: false },
  async create({ elb }, args, operation) {
    const { LoadBalancers } = await elb.createLoadBalancer({
      Name: args.name,
      Type: args.loadBalancerType,
      Scheme: args.internal ? "internal" : "internet-facing",
      Subnets: args.subnets,
      SubnetMappings: args.subnetMappings?.map(({ subnetId, allocationId, privateIpv4Address }: Props) => ({
        SubnetId: subnetId,
        AllocationId: allocationId,
        PrivateIPv4Address: privateIpv4Address,
      })),
      SecurityGroups: args.securityGroups,
      IpAddressType: args.ipAddressType,
      Tags: args.tagsAll && tagList(args.tagsAll),
    });
    const id = LoadBalancers![0]!.LoadBalancerArn!;
    operation.created(id);
    await untilActive({ elb }, id, operation);
    const Attributes = [
      ...attributes(loadBalancerAttributes, args),
      ...(args.accessLogs ? accessLogs(args.accessLogs) : []),
    ];
    if (Attributes.length > 0) await elb.modifyLoadBalancerAttributes({ LoadBalancerArn: id, Attributes });
    return id;
  },
  async read({ elb }, id) {
    const found = (await unlessGone(elb.describeLoadBalancers({ LoadBalancerArns: [id] })))?.LoadBalancers?.[0];
    return (
      found && {
        arn: id,
        arnSuffix: id.slice(id.indexOf(":loadbalancer/") + 14),
        dnsName: found.DNSName,
        zoneId: found.CanonicalHostedZoneId,
        vpcId: found.VpcId,
        internal: found.Scheme === "internal",
      }
    );
  },
  async update({ elb }, { id, news, changed }) {
    if (changed.has("securityGroups")) {
      await elb.setSecurityGroups({ LoadBalancerArn: id, SecurityGroups: news.securityGroups ?? [] });
    }
    if (changed.has("subnets")) await elb.setSubnets({ LoadBalancerArn: id, Subnets: news.subnets });
    if (changed.has("ipAddressType"))
      await elb.setIpAddressType({ LoadBalancerArn: id, IpAddressType: news.ipAddressType });
    const Attributes = attributes(loadBalancerAttributes, news, [...changed]);
    if (changed.has("accessLogs")) Attributes.push(...accessLogs(news.accessLogs));
    if (Attributes.length > 0) await elb.modifyLoadBalancerAttributes({ LoadBalancerArn: id, Attributes });
  },
  async delete({ elb }, id, _state, operation) {
    await unlessGone(elb.deleteLoadBalancer({ LoadBalancerArn: id }));
    await waitFor(waiting(operation, "the load balancer to go", 600), async () => {
      const found = (await unlessGone(elb.describeLoadBalancers({ LoadBalancerArns: [id] })))?.LoadBalancers?.[0];
      return found ? { state: String(found.State?.Code) } : { done: true };
    });
  },
};

const untilActive = ({ elb }: Pick<Aws, "elb">, id: string, operation: Parameters<typeof waiting>[0]) =>
  waitFor(waiting(operation, "the load balancer to be active", 600), async () => {
    const { Code, Reason } =
      (await elb.describeLoadBalancers({ LoadBalancerArns: [id] })).LoadBalancers?.[0]?.State ?? {};
    if (Code === "failed") throw new Error(`the load balancer failed: ${Reason}`);
    return Code === "active" || Code === "active_impaired" ? { done: id } : { state: String(Code) };
  });

function action(block: Props, index: number, all: Props[]): Props {
  const { type, targetGroupArn, order, redirect, fixedResponse, forward } = block;
  return {
    Type: type,
    Order: order ?? (all.length > 1 ? index + 1 : undefined),
    TargetGroupArn: targetGroupArn,
    RedirectConfig: redirect && pascal(redirect),
    FixedResponseConfig: fixedResponse && pascal(fixedResponse),
    ForwardConfig: forward && {
      TargetGroups: forward.targetGroups.map(({ arn, weight }: Props) => ({
        TargetGroupArn: arn,
        Weight: weight ?? 1,
      })),
      TargetGroupStickinessConfig: forward.stickiness && {
        Enabled: forward.stickiness.enabled,
        DurationSeconds: forward.stickiness.duration,
      },
    },
  };
}

const listenerRequest = (args: Props): Props => ({
  Port: args.port,
  Protocol: args.protocol,
  SslPolicy: args.sslPolicy,
  AlpnPolicy: args.alpnPolicy && [args.alpnPolicy],
  Certificates: args.certificateArn && [{ CertificateArn: args.certificateArn }],
  DefaultActions: args.defaultActions.map(action),
});

/** Arguments that the API knows as attributes, by key. */
const listenerAttributes: Record<string, string> = {
  tcpIdleTimeoutSeconds: "tcp.idle_timeout.seconds",
  routingHttpResponseServerEnabled: "routing.http.response.server.enabled",
};

const listener: ResourceModel<Aws> = {
  args: `loadBalancerArn! port protocol sslPolicy alpnPolicy certificateArn ${Object.keys(listenerAttributes).join(" ")}
    defaultActions{type order targetGroupArn redirect{host path port protocol query statusCode}
    fixedResponse{contentType messageBody statusCode} forward{targetGroups{arn weight} stickiness{enabled duration}}}`,
  async create({ elb }, args) {
    const Tags = args.tagsAll && tagList(args.tagsAll);
    const request = {
      ...listenerRequest(args),
      LoadBalancerArn: args.loadBalancerArn,
      DefaultActions: args.defaultActions.map(action),
      Tags,
    };
    const id = (await elb.createListener(request)).Listeners![0]!.ListenerArn!;
    const Attributes = attributes(listenerAttributes, args);
    if (Attributes.length > 0) await elb.modifyListenerAttributes({ ListenerArn: id, Attributes });
    return id;
  },
  async read({ elb }, id) {
    const found = (await unlessGone(elb.describeListeners({ ListenerArns: [id] })))?.Listeners?.[0];
    return found && { arn: id, port: found.Port, protocol: found.Protocol };
  },
  async update({ elb }, { id, news, changed }) {
    if (![...changed].every((name) => name.startsWith("tags") || name in listenerAttributes)) {
      await elb.modifyListener({ ListenerArn: id, ...listenerRequest(news) });
    }
    const Attributes = attributes(listenerAttributes, news, [...changed]);
    if (Attributes.length > 0) await elb.modifyListenerAttributes({ ListenerArn: id, Attributes });
  },
  delete: async ({ elb }, id) => void (await unlessGone(elb.deleteListener({ ListenerArn: id }))),
};

export const loadBalancingResources: Record<string, ResourceModel<Aws>> = {
  "aws:lb/loadBalancer:LoadBalancer": withTags(loadBalancer, taggers.elb),
  "aws:lb/listener:Listener": withTags(listener, taggers.elb),
};

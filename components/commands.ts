import * as pulumi from "@pulumi/pulumi";
import type { ApiLoadBalancer } from "./api-load-balancer";
import type { Bastion } from "./bastion";
import { CONSUL_HTTP_PORT, NOMAD_HTTP_PORT } from "./cluster-firewall";

export interface OperatorCommandsArgs {
  readonly region: string;
  readonly nomadAddress: pulumi.Input<string>;
  readonly consulAddress: pulumi.Input<string>;
  readonly loadBalancer: ApiLoadBalancer;
  readonly bastion?: Bastion;
}

/** Commands to paste, by what they are for. Tunnels go through the bastion, and end at the ports that the URLs name. */
export function operatorCommands(args: OperatorCommandsArgs): Record<string, pulumi.Output<string>> {
  const { region, bastion, loadBalancer } = args;
  const commands: Record<string, pulumi.Output<string>> = {
    nomad: pulumi.interpolate`NOMAD_ADDR=${args.nomadAddress} nomad status`,
    nomadUi: pulumi.interpolate`NOMAD_ADDR=${args.nomadAddress} nomad ui`,
    consul: pulumi.interpolate`CONSUL_HTTP_ADDR=${args.consulAddress} consul members`,
    consulUi: pulumi.interpolate`open ${args.consulAddress}/ui`,
  };
  if (bastion === undefined) return commands;

  const target = bastion.instance.id;
  const tunnel = (port: number): pulumi.Output<string> =>
    pulumi.interpolate`aws ssm start-session --region ${region} --target ${target} --document-name AWS-StartPortForwardingSessionToRemoteHost --parameters host=${loadBalancer.loadBalancer.dnsName},portNumber=${port},localPortNumber=${port}`;
  return {
    ...commands,
    nomadTunnel: tunnel(NOMAD_HTTP_PORT),
    consulTunnel: tunnel(CONSUL_HTTP_PORT),
    bastion: pulumi.interpolate`aws ssm start-session --region ${region} --target ${target}`,
  };
}

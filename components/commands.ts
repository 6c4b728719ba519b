import * as pulumi from "@pulumi/pulumi";
import type { ApiLoadBalancer } from "./api-load-balancer";
import type { Bastion } from "./bastion";
import { CONSUL_HTTPS_PORT, NOMAD_HTTPS_PORT } from "./cluster-firewall";

export interface OperatorCommandsArgs {
  readonly region: string;
  readonly stack: string;
  readonly consulAddress: pulumi.Input<string>;
  readonly api: ApiLoadBalancer;
  readonly bastion?: Bastion;
}

/** Commands to paste, by what they are for. Tunnels go through the bastion, and end at the ports that the URLs name. */
export function operatorCommands(args: OperatorCommandsArgs): Record<string, pulumi.Output<string>> {
  const { region, bastion, api } = args;
  // Addresses and tokens are in the environment that it gives, and nowhere on the screen.
  const shell = (command: string) => pulumi.output(`npm run cli -- --stack ${args.stack} ${command}`);
  const commands: Record<string, pulumi.Output<string>> = {
    nomad: shell("nomad status"),
    nomadUi: shell("nomad ui -authenticate -show-url"),
    consul: shell("consul members"),
    consulUi: pulumi.interpolate`open ${args.consulAddress}/ui`,
  };
  if (bastion === undefined) return commands;

  const target = bastion.instance.id;
  const tunnel = (port: number): pulumi.Output<string> =>
    pulumi.interpolate`aws ssm start-session --region ${region} --target ${target} --document-name AWS-StartPortForwardingSessionToRemoteHost --parameters host=${api.loadBalancer.dnsName},portNumber=${port},localPortNumber=${port}`;
  return {
    ...commands,
    nomadTunnel: tunnel(NOMAD_HTTPS_PORT),
    consulTunnel: tunnel(CONSUL_HTTPS_PORT),
    bastion: pulumi.interpolate`aws ssm start-session --region ${region} --target ${target}`,
  };
}

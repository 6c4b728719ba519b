import * as fs from "node:fs";
import type { RecordingMocks } from "./recording-mocks";
import { PROGRAM_TIMEOUT_MS, runProgram } from "./run-program";

/** How docs/ports.md calls security groups and address ranges. */
const NAMES: Readonly<Record<string, string>> = {
  "firewall-servers-id": "servers",
  "firewall-workers-id": "workers",
  "workers-edge-id": "workers of edge pools",
  "api-id": "load balancer of the APIs",
  "edge-id": "load balancer of the page",
  "bastion-id": "bastion",
  "198.51.100.7/32": "operators",
  "0.0.0.0/0": "anybody",
};

/** Rows of the table in docs/ports.md, one for each peer and protocol: `to <- from port/protocol purpose`. */
function documented(): string[] {
  const rows = fs.readFileSync("docs/ports.md", "utf8").matchAll(/^\|(.*)\|$/gm);
  const cells = [...rows].slice(2).map(([, row]) => row!.split("|").map((cell) => cell.trim()));
  return cells.flatMap(([to, from, ports, purpose]) => {
    const [range, protocols] = ports!.split("/");
    return from!
      .split(", ")
      .flatMap((peer) => protocols!.split("+").map((protocol) => `${to} <- ${peer} ${range}/${protocol} ${purpose}`));
  });
}

describe("the page on ports", () => {
  let mocks: RecordingMocks;
  beforeAll(async () => {
    // Everything that adds a rule is switched on.
    const changes = {
      "cluster:operatorCidrs": ["198.51.100.7/32"],
      "cluster:bastion": {
        enabled: true,
        publicKey: `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"a".repeat(43)} operator`,
      },
      "cluster:certificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/abc",
      "cluster:hostname": "cluster.example.com",
    };
    mocks = (await runProgram("prod", "up", changes)).mocks;
  }, PROGRAM_TIMEOUT_MS);

  it("lists every rule that lets traffic in, and no other", () => {
    const rules = Object.values(mocks.ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"));
    const inForce = rules.map(({ inputs }) => {
      const [to, from] = [inputs.securityGroupId, inputs.referencedSecurityGroupId ?? inputs.cidrIpv4].map(
        (id) => NAMES[id] ?? id,
      );
      const range = inputs.fromPort === inputs.toPort ? inputs.fromPort : `${inputs.fromPort}-${inputs.toPort}`;
      return `${to} <- ${from} ${range}/${inputs.ipProtocol} ${inputs.description}`;
    });
    expect(documented().sort()).toEqual(inForce.sort());
  });
});

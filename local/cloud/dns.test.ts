import { dnsConfiguration } from "./dns";

const first = { vpcId: "vpc-1", cidr: "10.42.0.0/16", address: "10.42.0.2" };
const second = { vpcId: "vpc-2", cidr: "10.43.0.0/16", address: "10.43.0.2" };

test("in its only VPC, the cloud's names lead to the cloud's address there, and private names to their hosts", () => {
  expect(dnsConfiguration("eu-west-1", [first])).toBe(
    [
      "no-hosts",
      "cache-size=1000",
      "bind-dynamic",
      "except-interface=lo",
      "listen-address=169.254.169.253",
      "listen-address=10.42.0.2",
      "address=/amazonaws.com/10.42.0.2",
      "local=/amazonaws.com/",
      "address=/api.aws/10.42.0.2",
      "local=/api.aws/",
      "address=/releases.internal/10.42.0.2",
      "local=/releases.internal/",
      "synth-domain=eu-west-1.compute.internal,10.42.0.0/16,ip-",
      "local=/compute.internal/",
      "",
    ].join("\n"),
  );
});

test("with several VPCs, the cloud's names lead to the link-local address that is the same in all of them", () => {
  const lines = dnsConfiguration("eu-west-1", [first, second]).split("\n");
  expect(lines.filter((line) => line.startsWith("address="))).toEqual([
    "address=/amazonaws.com/169.254.169.253",
    "address=/api.aws/169.254.169.253",
    "address=/releases.internal/169.254.169.253",
  ]);
  expect(lines.filter((line) => line.startsWith("listen-address="))).toEqual([
    "listen-address=169.254.169.253",
    "listen-address=10.42.0.2",
    "listen-address=10.43.0.2",
  ]);
});

test("names that are not the cloud's are left to the machine's resolvers", () => {
  expect(dnsConfiguration("eu-west-1", [first])).not.toContain("hashicorp");
});

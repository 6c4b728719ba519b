import { dnsAddressUnit, resolvedConfig } from "./dns";

describe("host DNS", () => {
  it("gives the loopback interface the address that containers ask, before Consul listens on it", () => {
    expect(dnsAddressUnit()).toBe(`[Unit]
Description=Address at which containers ask Consul's DNS
Before=consul.service
After=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'exec ip address replace 169.254.1.1/32 dev lo scope host'
`);
  });

  it("sends the host's own look-ups of .consul to its agent, and nothing else", () => {
    expect(resolvedConfig()).toBe("[Resolve]\nDNS=127.0.0.1\nDomains=~consul\nDNSSEC=no\n");
  });
});

/**
 * Containers can't reach a resolver on their host's 127.0.0.1, so each host has this link-local address on its loopback
 * interface, the same everywhere, and Consul answers on it too.
 */
export const containerDnsAddress = "169.254.1.1";

/** The VPC's own resolver, for all names that are not Consul's. */
export const vpcResolver = "169.254.169.253";

export const dnsPort = 53;

/** Unit that gives the loopback interface the address for containers. */
export function dnsAddressUnit(): string {
  return `[Unit]
Description=Address at which containers ask Consul's DNS
Before=consul.service
After=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'exec ip address replace ${containerDnsAddress}/32 dev lo scope host'
`;
}

/** systemd-resolved's drop-in: the host's own look-ups of .consul go to its Consul agent, all others where they went before. */
export function resolvedConfig(): string {
  return `[Resolve]
DNS=127.0.0.1
Domains=~consul
DNSSEC=no
`;
}

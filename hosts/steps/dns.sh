#!/bin/bash
# Gives the host the address at which containers ask Consul's DNS, and sends the host's own look-ups of .consul there.
. ./lib.sh
systemctl start cluster-dns-address.service || fail "$DNS_ADDRESS could not be given to the loopback interface"
if systemctl is-enabled --quiet systemd-resolved.service; then
  systemctl restart systemd-resolved.service
  echo "containers ask $DNS_ADDRESS, the host systemd-resolved"
else
  echo "containers ask $DNS_ADDRESS; no systemd-resolved here, so the host itself does not resolve .consul"
fi

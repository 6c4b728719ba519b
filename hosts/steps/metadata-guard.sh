#!/bin/bash
# Keeps the instance's credentials to root and the agents. The hop limit keeps containers with a network of their own away; this
# also does one that shares the host's (Traefik does). Nor does such a container need Nomad's API.
. ./lib.sh
nft -f - <<NFT || fail "the rules that keep containers off the metadata service were refused"
table inet cluster_guard
delete table inet cluster_guard
table inet cluster_guard {
  chain output {
    type filter hook output priority filter; policy accept;
    ip daddr 169.254.169.254 meta skuid != { 0, $(id -u consul), $(id -u nomad) } reject
    ip daddr 127.0.0.0/8 tcp dport 4646 meta skuid != { 0, $(id -u consul), $(id -u nomad) } reject
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ip daddr 169.254.169.254 drop
  }
}
NFT
echo "only root and the agents reach the metadata service"

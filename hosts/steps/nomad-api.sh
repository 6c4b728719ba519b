# shellcheck shell=bash
# For the steps that ask this host's Nomad agent. Sourced, never run.

api() { curl --silent --max-time 2 --cacert /etc/cluster/tls/nomad/ca.pem "$@"; }

# As the node itself, with the secret that it has told the servers.
as_node() { api --config <(printf 'header = "X-Nomad-Token: %s"' "$(cat /var/lib/cluster/nomad/client/secret-id)") "$@"; }

readonly nodes=https://127.0.0.1:4646/v1/node
node_id() { cat /var/lib/cluster/nomad/client/client-id; }

# drain SPEC ELIGIBLE: begins a drain, or ends one (`null true`).
drain() {
  as_node --fail --output /dev/null --data "{\"NodeID\":\"$(node_id)\",\"DrainSpec\":$1,\"MarkEligible\":$2}" "$nodes/$(node_id)/drain"
}

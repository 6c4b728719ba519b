# shellcheck shell=bash
# For the steps that look after what this server leads. Sourced, never run.

# ask PROGRAM PATH CURL-OPTIONS...: Consul's or Nomad's agent on this host, as the operator whom every server knows.
ask() {
  local program=$1 path=$2 header url=http://127.0.0.1:8500
  shift 2
  if [[ $program == nomad ]]; then url=https://127.0.0.1:4646; fi
  header=$(python3 -c '
import json, sys
acl = json.load(open("/etc/cluster/acl.json"))
print("X-Consul-Token: " + acl["consul"]["management"] if sys.argv[1] == "consul" else "X-Nomad-Token: " + acl["nomad"]["BootstrapSecret"])' "$program")
  curl --silent --show-error --fail --max-time 120 --cacert /etc/cluster/tls/nomad/ca.pem \
    --config <(printf 'header = "%s"' "$header") "$@" "$url$path"
}

# leads PROGRAM: whether this server is the one that leads it.
leads() {
  local port=8300
  if [[ $1 == nomad ]]; then port=4647; fi
  [[ $(ask "$1" /v1/status/leader) == "\"$ADDRESS:$port\"" ]]
}

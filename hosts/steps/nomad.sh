#!/bin/bash
# Starts Nomad, and waits until it is part of the cluster.
. ./lib.sh
. ./nomad-api.sh
# shellcheck source=/dev/null
. /etc/cluster/identity.env

owner=root
if [[ $ROLE == server ]]; then owner=nomad; fi
install -d -o "$owner" -g "$owner" -m 0700 /var/lib/cluster/nomad
cat >/etc/nomad.d/instance.json <<JSON
{
  "name": "$NODE_NAME",
  "advertise": { "http": "$ADDRESS", "rpc": "$ADDRESS", "serf": "$ADDRESS" },
  "client": { "meta": { "instance_id": "$INSTANCE_ID", "zone": "$ZONE" } }
}
JSON

docker_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || { last_words docker.service; return 1; }; }
if [[ $ROLE == worker ]]; then
  systemctl start --no-block docker.service
  wait_for 120 "Docker engine" docker_answers
fi

refused() {
  journalctl "_SYSTEMD_INVOCATION_ID=$(systemctl show --property InvocationID --value nomad.service)" --output cat --no-pager |
    grep 'error registering' >/dev/null
}
joined() {
  local answer
  answer=$(api https://127.0.0.1:4646/v1/agent/health) || { echo "no answer yet, $(last_words nomad.service)"; return 1; }
  [[ $answer != *'"ok":false'* ]] || { echo "$answer"; return 1; }
  if [[ $ROLE == server ]]; then return 0; fi
  # A client is healthy before the servers know it. It asks them as itself, with the secret that it has told them.
  answer=$(as_node "$nodes/$(node_id)")
  if [[ $answer != *'"Status":"ready"'* ]]; then
    echo "not registered with the servers yet"
    # A client that the servers were not ready for asks again only after 15 to 30 s; a new one asks at once.
    if refused; then systemctl restart nomad.service; fi
    return 1
  fi
  if [[ $answer == *'"SchedulingEligibility":"ineligible"'* ]]; then
    # Shutting down drained it; coming back up makes that undone.
    drain null true
  fi
}

# The key that servers gossip with is the one of Parameter Store, not one that was in use when the host last ran.
if ! systemctl is-active --quiet nomad.service; then rm -f /var/lib/cluster/nomad/server/serf.keyring; fi
systemctl start --no-block nomad.service
wait_for 900 "place in the Nomad cluster" joined
echo "part of the cluster"

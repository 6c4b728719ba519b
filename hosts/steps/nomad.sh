#!/bin/bash
# Starts Nomad, and waits until it is part of the cluster.
. ./lib.sh
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

if [[ $ROLE == worker ]]; then
  systemctl start --no-block docker.service
  wait_for 120 "Docker engine" docker version --format '{{.Server.Version}}' || { unit_alive docker.service; fail "Docker does not answer"; }
fi

joined() {
  local answer id
  answer=$(curl --silent --max-time 2 http://127.0.0.1:4646/v1/agent/health) || { echo "the agent does not answer yet"; return 1; }
  [[ $answer != *'"ok":false'* ]] || { echo "$answer"; return 1; }
  if [[ $ROLE == server ]]; then return 0; fi
  # A client is healthy before the servers know it. Where only a token may ask for that, healthy has to do.
  id=$(cat /var/lib/cluster/nomad/client/client-id)
  answer=$(curl --silent --max-time 2 "http://127.0.0.1:4646/v1/node/$id")
  [[ $answer == *'"Status":"ready"'* || $answer == "Permission denied" ]] || { echo "not registered with the servers yet"; return 1; }
  if [[ $answer == *'"SchedulingEligibility":"ineligible"'* ]]; then
    # Shutting down drained it; coming back up makes that undone.
    curl --silent --output /dev/null --max-time 2 --data "{\"NodeID\":\"$id\",\"Eligibility\":\"eligible\"}" \
      "http://127.0.0.1:4646/v1/node/$id/eligibility"
  fi
}

systemctl start --no-block nomad.service
wait_for 900 "place in the Nomad cluster" joined || { unit_alive nomad.service; fail "Nomad did not join within 15 minutes"; }
echo "part of the cluster"

#!/bin/bash
# Starts Consul, and waits until it has found the cluster's leader.
. ./lib.sh
. ./tokens.sh
# shellcheck source=/dev/null
. /etc/cluster/identity.env

install -d -o consul -g consul -m 0750 /var/lib/cluster/consul
cat >/etc/consul.d/instance.json <<JSON
{
  "node_name": "$NODE_NAME",
  "bind_addr": "$ADDRESS",
  "advertise_addr": "$ADDRESS",
  "addresses": { "http": "127.0.0.1", "https": "127.0.0.1 $ADDRESS" },
  "node_meta": { "instance_id": "$INSTANCE_ID", "zone": "$ZONE" }
}
JSON

found_leader() {
  local leader
  leader=$(curl --silent --fail --max-time 2 http://127.0.0.1:8500/v1/status/leader) || { echo "no answer yet, $(last_words consul.service)"; return 1; }
  if [[ $leader == *:* ]]; then return 0; fi
  echo "$SERVERS servers with tag ConsulServers=$CLUSTER make the cluster, $(last_words consul.service)"
  return 1
}

# The key that it gossips with is the one of Parameter Store, not one that was in use when the host last ran.
if ! systemctl is-active --quiet consul.service; then rm -f /var/lib/cluster/consul/serf/*.keyring; fi
# Not waited for: systemd calls it started only once it has joined, and this step says how far that is.
systemctl start --no-block consul.service
wait_for 900 "Consul leader" found_leader

# Servers give a new cluster its tokens a moment after it has a leader. Nomad would ask again for a token that Consul did not know
# only after 15 s.
if [[ $ROLE == worker ]]; then
  wait_for 300 "Consul tokens" tokens_known /etc/consul.d/secrets.json /etc/nomad.d/secrets.json
fi
echo "leader $(curl --silent --max-time 2 http://127.0.0.1:8500/v1/status/leader | tr -d '"')"

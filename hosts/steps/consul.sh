#!/bin/bash
# Starts Consul, and waits until it has found the cluster's leader.
. ./lib.sh
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

# Not waited for: systemd calls it started only once it has joined, and this step says how far that is.
systemctl start --no-block consul.service
wait_for 900 "Consul leader" found_leader

# Servers give a new cluster its tokens a moment after it has a leader. Nomad would ask again for a token that Consul did not know
# only after 15 s.
token_known() {
  python3 - <<'PY'
import json, sys, urllib.error, urllib.request
for file, path in (("/etc/consul.d/secrets.json", "acl.tokens.agent"), ("/etc/nomad.d/secrets.json", "consul.token")):
    token = json.load(open(file))
    for key in path.split("."):
        token = token[key]
    try:
        urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8500/v1/acl/token/self", headers={"X-Consul-Token": token}), timeout=5)
    except urllib.error.HTTPError as error:
        sys.exit("%s of %s: %d %s" % (path, file, error.code, error.read().decode()[:100]))
    except OSError as error:
        sys.exit("Consul does not answer: %s" % error)
PY
}
if [[ $ROLE == worker ]]; then wait_for 300 "Consul tokens" token_known; fi
echo "leader $(curl --silent --max-time 2 http://127.0.0.1:8500/v1/status/leader | tr -d '"')"

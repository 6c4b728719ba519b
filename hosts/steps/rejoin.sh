#!/bin/bash
# Watches for the return of a lost network. By themselves Consul's agent tries a lost member each 30 s and Nomad's its heartbeat as seldom, while
# the load balancer trusts the worker again after 8 s: without servers its DNS fails, and so do the requests. So both are helped.
. ./lib.sh
. ./nomad-api.sh

has_no_server() { [[ $(curl --silent --max-time 5 http://127.0.0.1:8500/v1/status/leader) == *"No known Consul servers"* ]]; }

# One server in a round. It is called first: the agent would give each up after 10 s only, and nobody knows when the network is back.
join_a_server() {
  python3 - <<'PY'
import json, random, socket, sys, urllib.request
token = json.load(open("/etc/consul.d/secrets.json"))["acl"]["tokens"]["agent"]

def call(method, path):
    request = urllib.request.Request("http://127.0.0.1:8500/v1/agent/" + path, headers={"X-Consul-Token": token}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read()

try:
    servers = [member["Addr"] for member in json.loads(call("GET", "members")) if member["Tags"].get("role") == "consul"]
    if servers:
        server = random.choice(servers)
        socket.create_connection((server, 8301), timeout=2).close()
        call("PUT", "join/" + server)
        print("Consul had lost all servers, and has found", server)
        sys.exit()
except OSError as error:
    # 500 is what a server that cannot be reached yet comes to, as every two seconds while the network is away.
    if getattr(error, "code", 500) != 500:
        raise
sys.exit(1)
PY
}

# Whatever a server answers through it, Nomad's agent then sends the heartbeat that it owes.
ask_nomad() { api --fail --output /dev/null https://127.0.0.1:4646/v1/status/leader; }

lost=
while sleep 2; do
  if has_no_server; then
    lost=true
    join_a_server || continue
  fi
  if [[ -n $lost ]] && ask_nomad; then lost=; fi
done

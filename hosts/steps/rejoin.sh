#!/bin/bash
# Watches for the return of a lost network. Consul's agent tries a lost member only each 30 s, while the load balancer trusts the worker again
# after 8 s: without servers its DNS fails, and so do the requests. So it is told to join them again.
. ./lib.sh

has_no_server() { [[ $(curl --silent --max-time 5 http://127.0.0.1:8500/v1/status/leader) == *"No known Consul servers"* ]]; }

# One server in a round, and the answer is waited for: the agent joins one after the other, and gives each up after 10 s.
join_a_server() {
  python3 - <<'PY'
import json, random, urllib.request
token = json.load(open("/etc/consul.d/secrets.json"))["acl"]["tokens"]["agent"]

def call(method, path):
    request = urllib.request.Request("http://127.0.0.1:8500/v1/agent/" + path, headers={"X-Consul-Token": token}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read()

try:
    servers = [member["Addr"] for member in json.loads(call("GET", "members")) if member["Tags"].get("role") == "consul"]
    if servers:
        server = random.choice(servers)
        call("PUT", "join/" + server)
        print("Consul had lost all servers, and has found", server)
except OSError as error:
    # 500 is what a server that cannot be reached yet comes to, as every two seconds while the network is away.
    if getattr(error, "code", 500) != 500:
        raise
PY
}

while sleep 2; do
  if has_no_server; then join_a_server; fi
done

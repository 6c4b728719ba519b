#!/bin/bash
# Watches for the return of a lost network. By themselves Consul's agent tries a lost member each 30 s and Nomad's its heartbeat as seldom, while
# the load balancer trusts the worker again after 8 s: without servers its DNS fails, and so do the requests. So both are told.
. ./lib.sh

# Prints the leader's address, or why there is none.
leader() { curl --silent --max-time 5 http://127.0.0.1:8500/v1/status/leader || true; }

# One server in a round. It is called first: the agent would give each up after 10 s only, and nobody knows when the network is back.
join_a_server() {
  python3 - <<'PY'
import json, random, socket, urllib.request
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
except OSError as error:
    # 500 is what a server that cannot be reached yet comes to, as every two seconds while the network is away.
    if getattr(error, "code", 500) != 500:
        raise
PY
}

lost=
while sleep 2; do
  case $(leader) in
    *"No known Consul servers"*)
      lost=${lost:-$SECONDS}
      join_a_server
      ;;
    '"'[0-9]*)
      # Up to half a minute late Nomad tries each second. A restart makes it register at once, and its tasks run on.
      if [[ -n $lost ]] && ((SECONDS - lost >= 20)); then systemctl try-restart nomad.service; fi
      lost=
      ;;
  esac
done

#!/bin/bash
# Gives a new cluster its policies and the agents' tokens, which the stack made before the cluster. All servers do it at once, and
# again at every boot: what is there already stays.
. ./lib.sh

converge() {
  python3 - <<'PY'
import json, sys, urllib.error, urllib.request
wanted = json.load(open("/etc/cluster/acl.json"))["consul"]
management = json.load(open("/etc/consul.d/secrets.json"))["acl"]["tokens"]["initial_management"]

def call(method, path, body=None, token=management):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request("http://127.0.0.1:8500/v1/acl/" + path, data, {"X-Consul-Token": token}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if method == "GET" and error.code in (403, 404):
            return None
        sys.exit("%s %s answers %d: %s" % (method, path.split("/")[0], error.code, error.read().decode()[:200]))
    except OSError as error:
        sys.exit("Consul does not answer: %s" % error)

for policy in wanted["policies"]:
    found = call("GET", "policy/name/" + policy["Name"])
    if found is None:
        call("PUT", "policy", policy)
    elif found["Rules"] != policy["Rules"]:
        call("PUT", "policy/" + found["ID"], dict(policy, ID=found["ID"]))
for token in wanted["tokens"]:
    if call("GET", "token/self", token=token["SecretID"]) is None:
        call("PUT", "token", token)
PY
}

# The other servers do the same at the same time: what one finds missing another may have made a moment later.
wait_for 120 "Consul ACLs" converge
echo "policies and tokens of the agents are in place"

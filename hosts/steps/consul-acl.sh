#!/bin/bash
# Gives the cluster the policies and the agents' tokens that Parameter Store names: a new cluster all of them, an older one what has
# changed. Tokens that were replaced end a while after their successors came. All servers do it at once, and again every minute.
. ./lib.sh

converge() {
  python3 - <<'PY'
import datetime, json, os, sys, urllib.error, urllib.request
wanted = json.load(open("/etc/cluster/acl.json"))["consul"]
# The management token that was in force when this host last looked: with it a new one is made.
last_management = "/etc/cluster/consul-management"
# Every host looks for new secrets each 60 to 80 s, so each has had two chances to take up a successor.
grace = datetime.timedelta(seconds=int(os.environ.get("TOKEN_GRACE_SECONDS", "180")))

def call(method, path, token, body=None):
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

candidates = [wanted["management"]]
if os.path.exists(last_management):
    candidates.append(open(last_management).read())
management = next((token for token in candidates if call("GET", "token/self", token)), None)
if management is None:
    sys.exit("Consul knows no management token of this stack")

for policy in wanted["policies"]:
    found = call("GET", "policy/name/" + policy["Name"], management)
    if found is None:
        call("PUT", "policy", management, policy)
    elif found["Rules"] != policy["Rules"]:
        call("PUT", "policy/" + found["ID"], management, dict(policy, ID=found["ID"]))
for token in wanted["tokens"]:
    if call("GET", "token/self", token["SecretID"]) is None:
        call("PUT", "token", management, token)

management = wanted["management"]
with open(os.open(last_management, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400), "w") as out:
    out.write(management)

current = {token["SecretID"] for token in wanted["tokens"]}
made_here = {token["Description"] for token in wanted["tokens"]} | {"Initial Management Token"}
tokens = call("GET", "tokens", management)
youngest = max(datetime.datetime.fromisoformat(token["CreateTime"]) for token in tokens if token["SecretID"] in current)
if datetime.datetime.now(datetime.timezone.utc) - youngest > grace:
    for token in tokens:
        if token["Description"] in made_here and token["SecretID"] not in current:
            call("DELETE", "token/" + token["AccessorID"], management)
PY
}

# The other servers do the same at the same time: what one finds missing another may have made a moment later.
wait_for 120 "Consul ACLs" converge
echo "policies and tokens of the agents are in place"

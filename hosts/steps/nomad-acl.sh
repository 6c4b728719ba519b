#!/bin/bash
# Gives Nomad's ACLs the management token of Parameter Store: a new cluster starts with it; in an older one it takes the place of the
# one before, which ends. For all servers but one it is enough that the token is known.
. ./lib.sh
# shellcheck source=/dev/null
. /etc/cluster/identity.env

converge() {
  python3 - "$ADDRESS" <<'PY'
import json, os, re, ssl, sys, urllib.error, urllib.request
secret = json.load(open("/etc/cluster/acl.json"))["nomad"]["BootstrapSecret"]
context = ssl.create_default_context(cafile="/etc/cluster/tls/nomad/ca.pem")
# With the number in it that Nomad names, its leader lets ACLs be started once more.
reset = "/var/lib/cluster/nomad/server/acl-bootstrap-reset"

def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request("https://127.0.0.1:4646/v1/" + path, data, {"X-Nomad-Token": secret}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as response:
            text = response.read().decode()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()[:200]
    except OSError as error:
        sys.exit("Nomad does not answer: %s" % error)

status, own = call("GET", "acl/token/self")
if status != 200:
    status, text = call("POST", "acl/bootstrap", {"BootstrapSecret": secret})
    number = re.search(r"reset index: (\d+)", str(text))
    if number and call("GET", "status/leader")[1] == sys.argv[1] + ":4647":
        with open(reset, "w") as out:
            out.write(number.group(1))
    sys.exit("bootstrap answers %d: %s" % (status, text))
if os.path.exists(reset):
    os.remove(reset)
for token in call("GET", "acl/tokens")[1]:
    if token["Name"] == own["Name"] and token["AccessorID"] != own["AccessorID"]:
        call("DELETE", "acl/token/" + token["AccessorID"])
PY
}

wait_for 120 "Nomad ACLs" converge
echo "the management token is known"

#!/bin/bash
# Starts Nomad's ACLs with the management token that the stack made. Only the first server of a cluster does; for the others it is
# enough that the token is known.
. ./lib.sh

bootstrap() {
  python3 - <<'PY'
import json, ssl, sys, urllib.error, urllib.request
secret = json.load(open("/etc/cluster/acl.json"))["nomad"]["BootstrapSecret"]
context = ssl.create_default_context(cafile="/etc/cluster/tls/nomad/ca.pem")

def call(method, path, body=None, headers={}):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request("https://127.0.0.1:4646/v1/acl/" + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()[:200]
    except OSError as error:
        sys.exit("Nomad does not answer: %s" % error)

status, text = call("POST", "bootstrap", {"BootstrapSecret": secret})
if status != 200:
    known, why = call("GET", "token/self", headers={"X-Nomad-Token": secret})
    if known != 200:
        sys.exit("bootstrap answers %d: %s; the token itself %d: %s" % (status, text, known, why))
PY
}

wait_for 120 "Nomad ACLs" bootstrap
echo "the management token is known"

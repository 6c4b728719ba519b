#!/bin/bash
# Gives the gossip of the cluster the keys of Parameter Store: servers have every member learn the new key, use it, and forget the
# others, in this order, so that nobody is ever unheard. A new cluster has had them from the start.
. ./lib.sh

converge() {
  python3 - <<'PY'
import json, ssl, sys, urllib.error, urllib.request
acl = json.load(open("/etc/cluster/acl.json"))
consul_key = json.load(open("/etc/consul.d/secrets.json"))["encrypt"]
nomad_key = json.load(open("/etc/nomad.d/secrets.json"))["server"]["encrypt"]
context = ssl.create_default_context(cafile="/etc/cluster/tls/nomad/ca.pem")

def call(method, url, header, token, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {header: token}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as response:
            text = response.read().decode()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        sys.exit("%s %s answers %d: %s" % (method, url, error.code, error.read().decode()[:200]))
    except OSError as error:
        sys.exit("%s does not answer: %s" % (url, error))

def consul(method, key=None):
    body = None if key is None else {"Key": key}
    return call(method, "http://127.0.0.1:8500/v1/operator/keyring", "X-Consul-Token", acl["consul"]["management"], body)

def nomad(operation, key=None):
    method, body = ("GET", None) if key is None else ("PUT", {"Key": key})
    url = "https://127.0.0.1:4646/v1/agent/keyring/" + operation
    return call(method, url, "X-Nomad-Token", acl["nomad"]["BootstrapSecret"], body)

known = {key for ring in consul("GET") for key in ring["Keys"]}
if known != {consul_key}:
    consul("POST", consul_key)
    consul("PUT", consul_key)
    for old in known - {consul_key}:
        consul("DELETE", old)
known = set(nomad("list")["Keys"])
if known != {nomad_key}:
    nomad("install", nomad_key)
    nomad("use", nomad_key)
    for old in known - {nomad_key}:
        nomad("remove", old)
PY
}
# A host that was away while the key was changed knows only the one before, and nobody hears it.
is_deaf() {
  [[ $(curl --silent --max-time 5 http://127.0.0.1:8500/v1/status/leader) != *:* ]] &&
    ! python3 - <<'PY'
import json, sys
key = json.load(open("/etc/consul.d/secrets.json"))["encrypt"]
sys.exit(key not in json.load(open("/var/lib/cluster/consul/serf/local.keyring")))
PY
}

if [[ $ROLE == server ]]; then
  wait_for 60 "gossip keys" converge
elif is_deaf; then
  echo "Consul starts anew with the key that the others have"
  rm /var/lib/cluster/consul/serf/local.keyring
  systemctl restart consul.service
fi
echo "the gossip keys are those of Parameter Store"

# shellcheck shell=bash
# For the steps that give agents their Consul tokens. Sourced, never run.

# tokens_known CONSUL NOMAD: whether the cluster knows every Consul token in these two files of secrets, asked of this host's agent.
tokens_known() {
  python3 - "$@" <<'PY'
import json, sys, urllib.error, urllib.request
consul, nomad = (json.load(open(file)) for file in sys.argv[1:])
tokens = dict(consul["acl"]["tokens"], **({"nomad": nomad["consul"]["token"]} if "consul" in nomad else {}))
for name, token in tokens.items():
    request = urllib.request.Request("http://127.0.0.1:8500/v1/acl/token/self", headers={"X-Consul-Token": token})
    try:
        urllib.request.urlopen(request, timeout=5)
    except urllib.error.HTTPError as error:
        sys.exit("Consul does not know the token %s yet: %d %s" % (name, error.code, error.read().decode()[:100]))
    except OSError as error:
        sys.exit("Consul does not answer: %s" % error)
PY
}

#!/bin/bash
# Fetches the secrets of the host's role from Parameter Store, with the role's own credentials, and gives each agent what is its
# own. Run again, which cluster-secrets.timer does every minute, it has the agents read what has changed. No secret is ever an
# argument of a process or a line of output.
. ./lib.sh
. ./tokens.sh
. ./aws.sh
work_in /run

# Asks for all documents in one request, so that they belong together. Its last line says why it failed.
fetch() {
  local documents names status
  credentials || { echo "the instance metadata service gives no credentials"; return 1; }
  read -ra documents <<<"$SECRETS"
  names=$(printf "\"$SECRETS_PATH/%s\"," "${documents[@]}")
  status=$(ask_aws ssm --header 'X-Amz-Target: AmazonSSM.GetParameters' --header 'Content-Type: application/x-amz-json-1.1' \
    --data "{\"Names\": [${names%,}], \"WithDecryption\": true}" \
    --output "$work/answer" --write-out '%{http_code}') ||
    { echo "ssm.$REGION.amazonaws.com does not answer"; return 1; }
  python3 - "$status" "$work" <<'PY'
import json, os, sys
status, work = sys.argv[1:]
answer = json.load(open(work + "/answer"))
if status != "200":
    sys.exit("Parameter Store answers %s %s: %s" % (status, answer.get("__type"), answer.get("message") or answer.get("Message")))
if answer.get("InvalidParameters"):
    sys.exit("not there yet: " + " ".join(answer["InvalidParameters"]))
for parameter in answer["Parameters"]:
    name, value = parameter["Name"].rsplit("/", 1)[1], parameter["Value"]
    files = {name: part for name, part in json.loads(value).items()} if name == "tls" else {name + ".json": value}
    for file, text in files.items():
        with open(os.path.join(work, file), "w") as out:
            out.write(text)
PY
}

# put FILE OWNER DESTINATION: in one move, and only when it is another than what is there.
changed=
put() {
  if cmp --silent "$work/$1" "$3"; then return 0; fi
  install -D -m 0400 -o "$2" -g "$2" "$work/$1" "$3.new"
  mv -f "$3.new" "$3"
  changed+=" $3"
}

# tls AGENT OWNER: its certificate and key; the CA is public.
tls() {
  local part
  install -d -m 0750 -o root -g "$2" /etc/cluster/tls "/etc/cluster/tls/$1"
  chmod 0755 /etc/cluster/tls
  for part in ca cert key; do put "$part" "$2" "/etc/cluster/tls/$1/$part.pem"; done
}

active() { systemctl is-active --quiet "$1.service"; }
# Waits until Consul has read its files, and fails with its reason when it could not.
reload_consul() {
  local answer
  answer=$(python3 - <<'PY'
import json
print('header = "X-Consul-Token: %s"' % json.load(open("/etc/consul.d/secrets.json"))["acl"]["tokens"]["agent"])
PY
  )
  answer=$(curl --silent --show-error --max-time 60 --config <(echo "$answer") --request PUT \
    --write-out '%{http_code}' http://127.0.0.1:8500/v1/agent/reload 2>&1) || fail "Consul's reload: $answer"
  if [[ $answer != 200 ]]; then fail "Consul's reload answers $answer"; fi
}
reload_nomad() { systemctl reload nomad.service; }
# Nomad reads its Consul token when it starts, and only then. Its tasks run on meanwhile.
restart_nomad() { systemctl restart nomad.service; }

# taken_up ACTION AGENT FILE...: has an agent that runs read its files, unless it has read these very ones. What fails is done
# again by the next run.
taken_up() {
  local action=$1 agent=$2 stamp=/run/cluster/$1
  shift 2
  install -d -m 0755 /run/cluster
  sha256sum "$@" >"$work/stamp"
  if cmp --silent "$work/stamp" "$stamp"; then return 0; fi
  # At boot the agent starts after this, and reads what is there.
  if active "$agent"; then "$action"; fi
  mv -f "$work/stamp" "$stamp"
}

wait_for 300 "secrets under $SECRETS_PATH" fetch
owner=root
if [[ $ROLE == server ]]; then owner=nomad; fi
tls consul consul
tls nomad "$owner"
if active consul; then taken_up reload_consul consul /etc/cluster/tls/consul/*.pem /etc/consul.d/secrets.json; fi
taken_up reload_nomad nomad /etc/cluster/tls/nomad/*.pem

if [[ -f $work/acl.json ]]; then
  put acl.json root /etc/cluster/acl.json
  if active consul; then bash -Eeuo pipefail consul-acl.sh; fi
fi
# An agent that runs is given a new token once Consul knows it, not before: until then the old one is good.
if ! active consul || tokens_known "$work/consul.json" "$work/nomad.json"; then
  put consul.json consul /etc/consul.d/secrets.json
  put nomad.json "$owner" /etc/nomad.d/secrets.json
  taken_up reload_consul consul /etc/cluster/tls/consul/*.pem /etc/consul.d/secrets.json
  # After the reload, not during it: while Consul reads its files anew it has no services, and Nomad would register them again, each
  # critical until its first check.
  if [[ $ROLE == worker ]]; then taken_up restart_nomad nomad /etc/nomad.d/secrets.json; fi
fi
systemctl start cluster-secrets.timer
echo "${changed:-nothing} new"

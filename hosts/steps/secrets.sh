#!/bin/bash
# Fetches the secrets of the host's role from Parameter Store, with the role's own credentials, and gives each agent what is its
# own. Run again, which cluster-secrets.timer does every minute, it has the agents read what has changed. No secret is ever an
# argument of a process or a line of output.
. ./lib.sh
. ./tokens.sh
umask 077
work=$(mktemp -d -p /run)
trap 'rm -rf "$work"' EXIT
readonly metadata=http://169.254.169.254/latest
quiet=(--silent --show-error --fail --max-time 5)

# Writes the role's credentials as options for curl: they last for hours, and the next run gets new ones.
credentials() {
  local token name
  token=$(curl "${quiet[@]}" --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
  name=$(curl "${quiet[@]}" --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/iam/security-credentials/")
  curl "${quiet[@]}" --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/iam/security-credentials/$name" |
    python3 -c '
import json, sys
role = json.load(sys.stdin)
print("user = \"{AccessKeyId}:{SecretAccessKey}\"\nheader = \"X-Amz-Security-Token: {Token}\"".format(**role))' >"$work/curl"
}

# Asks for all documents in one request, so that they belong together. Its last line says why it failed.
fetch() {
  local documents names status
  credentials || { echo "the instance metadata service gives no credentials"; return 1; }
  read -ra documents <<<"$SECRETS"
  names=$(printf "\"$SECRETS_PATH/%s\"," "${documents[@]}")
  status=$(curl --silent --max-time 10 --config "$work/curl" --aws-sigv4 "aws:amz:$REGION:ssm" \
    --header 'X-Amz-Target: AmazonSSM.GetParameters' --header 'Content-Type: application/x-amz-json-1.1' \
    --data "{\"Names\": [${names%,}], \"WithDecryption\": true}" \
    --output "$work/answer" --write-out '%{http_code}' "https://ssm.$REGION.amazonaws.com/") ||
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
news=
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
# taken_up ACTION AGENT: has an agent that runs read the files that were put since the last call.
taken_up() {
  local action=$1 agent=$2
  if [[ -n $changed ]] && active "$agent"; then systemctl "$action" "$agent.service"; fi
  news+=$changed
  changed=
}

wait_for 300 "secrets under $SECRETS_PATH" fetch
owner=root
if [[ $ROLE == server ]]; then owner=nomad; fi
tls consul consul
taken_up reload consul
tls nomad "$owner"
taken_up reload nomad

if [[ -f $work/acl.json ]]; then
  put acl.json root /etc/cluster/acl.json
  if active consul; then bash -Eeuo pipefail consul-acl.sh; fi
fi
# An agent that runs is given a new token once Consul knows it, not before: until then the old one is good.
if ! active consul || tokens_known "$work/consul.json" "$work/nomad.json"; then
  put consul.json consul /etc/consul.d/secrets.json
  taken_up reload consul
  put nomad.json "$owner" /etc/nomad.d/secrets.json
  # Nomad reads its Consul token when it starts, and only then. Its tasks run on meanwhile.
  taken_up restart nomad
fi
systemctl start cluster-secrets.timer
echo "${news:-nothing} new"

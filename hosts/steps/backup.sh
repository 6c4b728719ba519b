#!/bin/bash
# Saves the state of what this server leads, Consul's or Nomad's or both, to the stack's bucket; the other servers do nothing. What is saved
# holds every token and key of the cluster: it is as secret as the servers' disks.
. ./lib.sh
. ./aws.sh
# shellcheck source=/dev/null
. /etc/cluster/identity.env
umask 077
# On the data volume: a state may be larger than the memory that /run has.
work=$(mktemp -d -p /var/lib/cluster)
trap 'rm -rf "$work"' EXIT

token() { python3 -c 'import json, sys; acl = json.load(open("/etc/cluster/acl.json")); print(acl["consul"]["management"] if sys.argv[1] == "consul" else acl["nomad"]["BootstrapSecret"])' "$1"; }
ask() {
  local program=$1 path=$2 header=X-Consul-Token url=http://127.0.0.1:8500
  shift 2
  if [[ $program == nomad ]]; then header=X-Nomad-Token url=https://127.0.0.1:4646; fi
  curl --silent --show-error --fail --max-time 120 --cacert /etc/cluster/tls/nomad/ca.pem \
    --config <(printf 'header = "%s: %s"' "$header" "$(token "$program")") "$@" "$url$path"
}
leads() { [[ $(ask "$1" /v1/status/leader) == "\"$ADDRESS:$2\"" ]]; }

# save PROGRAM PATH COMMAND...: the command says whether what was saved can be read.
save() {
  local program=$1 path=$2 file="$work/$1.snap" key
  shift 2
  ask "$program" "$path" --output "$file"
  "$@" "$file" >/dev/null || fail "the snapshot of $program cannot be read"
  key="$program/$(date -u +%Y-%m-%dT%H%M%SZ).snap"
  credentials
  ask_aws "s3/$BACKUP_BUCKET/$key" --fail-with-body --max-time 300 --upload-file "$file" >/dev/null ||
    fail "the bucket $BACKUP_BUCKET did not take $key"
  credentials
  ask_aws monitoring --fail-with-body --output /dev/null --data "Action=PutMetricData&Version=2010-08-01&Namespace=$CLUSTER\
&MetricData.member.1.MetricName=Backups&MetricData.member.1.Value=1&MetricData.member.1.Unit=Count\
&MetricData.member.1.Dimensions.member.1.Name=Program&MetricData.member.1.Dimensions.member.1.Value=$program"
  echo "saved $key, $(stat --format %s "$file") bytes"
}

if leads consul 8300; then save consul /v1/snapshot consul snapshot inspect; fi
if leads nomad 4647; then save nomad /v1/operator/snapshot nomad operator snapshot inspect; fi

#!/bin/bash
# Looks at how old the newest backup in the stack's bucket is, of what this server leads: Consul's state, Nomad's or both. Saves it anew when
# it is too old, and notes the time of the newest for who reports its age. What is saved holds the cluster's tokens and keys: it is as secret as the servers' disks.
. ./lib.sh
. ./aws.sh
. ./leader.sh
umask 077
# On the data volume: a state may be larger than the memory that /run has.
work=$(mktemp -d -p /var/lib/cluster)
trap 'rm -rf "$work"' EXIT

# seconds_old PROGRAM: age of its newest backup, by the time in its name; nothing when there is none of the last two days.
seconds_old() {
  local newest
  newest=$(ask_aws "s3/$BACKUP_BUCKET?list-type=2&prefix=$1%2F&start-after=$1%2F$(date -u -d '-2 days' +%Y-%m-%d)" --fail-with-body |
    { grep -o '<Key>[^<]*' || true; } | tail -n 1)
  if [[ $newest =~ ([0-9-]{10}T)([0-9]{2})([0-9]{2})([0-9]{2}Z)\.snap$ ]]; then
    echo $(($(date +%s) - $(date -d "${BASH_REMATCH[1]}${BASH_REMATCH[2]}:${BASH_REMATCH[3]}:${BASH_REMATCH[4]}" +%s)))
  fi
}

# keep PROGRAM SNAPSHOT-PATH INSPECT...: the last says whether what was saved can be read.
keep() {
  local program=$1 path=$2 file="$work/$1.snap" age key
  shift 2
  if ! leads "$program"; then return 0; fi
  credentials
  age=$(seconds_old "$program")
  # Half a minute early: it would be a minute late else.
  if [[ -z $age ]] || ((age >= BACKUP_MINUTES * 60 - 30)); then
    ask "$program" "$path" --output "$file"
    "$@" "$file" >/dev/null || fail "the snapshot of $program cannot be read"
    key="$program/$(date -u +%Y-%m-%dT%H%M%SZ).snap"
    ask_aws "s3/$BACKUP_BUCKET/$key" --fail-with-body --max-time 300 --upload-file "$file" || fail "the bucket $BACKUP_BUCKET did not take $key"
    age=0
    echo "saved $key, $(stat --format %s "$file") bytes"
  fi
  echo $(($(date +%s) - age)) >"/run/cluster/backup-$program"
}

mkdir -p /run/cluster
keep consul /v1/snapshot consul snapshot inspect
keep nomad /v1/operator/snapshot nomad operator snapshot inspect

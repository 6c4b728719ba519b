#!/bin/bash
# backup.sh PROGRAM: when this server leads Consul, or Nomad, looks at how old the newest backup of its state in the stack's bucket is, saves
# it anew when it is too old, and notes the time of the newest for who reports its age. What is saved holds the cluster's tokens and keys:
# it is as secret as the servers' disks.
. ./lib.sh
. ./aws.sh
. ./leader.sh
program=$1
case $program in
  consul) path=/v1/snapshot inspect=(consul snapshot inspect) ;;
  nomad) path=/v1/operator/snapshot inspect=(nomad operator snapshot inspect) ;;
esac
if ! leads "$program"; then exit 0; fi
# On the data volume: a state may be larger than the memory that /run has.
work_in /var/lib/cluster

# s3 PATH FILE CURL-OPTIONS...: a request whose body is the file. S3 takes none without the body's hash.
s3() {
  local path=$1 file=$2
  shift 2
  ask_aws "s3/$BACKUP_BUCKET$path" --fail-with-body --header "x-amz-content-sha256: $(sha256sum "$file" | cut -d' ' -f1)" "$@"
}

# Age of the newest, by the time in its name; nothing when there is none of the last two days, which for grep is a failure.
seconds_old() {
  local newest
  newest=$(s3 "?list-type=2&prefix=$program%2F&start-after=$program%2F$(date -u -d '-2 days' +%Y-%m-%d)" /dev/null |
    { grep -o '<Key>[^<]*' || true; } | tail -n 1)
  if [[ $newest =~ ([0-9-]{10}T)([0-9]{2})([0-9]{2})([0-9]{2}Z)\.snap$ ]]; then
    echo $(($(date +%s) - $(date -d "${BASH_REMATCH[1]}${BASH_REMATCH[2]}:${BASH_REMATCH[3]}:${BASH_REMATCH[4]}" +%s)))
  fi
}

credentials
age=$(seconds_old)
# Half a minute early: it would be a minute late else.
if [[ -z $age ]] || ((age >= BACKUP_MINUTES * 60 - 30)); then
  file=$work/state.snap
  ask "$program" "$path" --output "$file"
  "${inspect[@]}" "$file" >/dev/null || fail "the snapshot of $program cannot be read"
  key="$program/$(date -u +%Y-%m-%dT%H%M%SZ).snap"
  s3 "/$key" "$file" --max-time 300 --upload-file "$file" || fail "the bucket $BACKUP_BUCKET did not take $key"
  age=0
  echo "saved $key, $(stat --format %s "$file") bytes"
fi
mkdir -p /run/cluster
echo $(($(date +%s) - age)) >"/run/cluster/backup-$program"

#!/bin/bash
# Moves one instance of a service that has all of them on one worker, once another worker is there: Nomad spreads instances when it places
# them, and leaves them where they are when a worker comes. Only for jobs that ask to be spread over nodes.
. ./lib.sh
. ./leader.sh
umask 077
work=$(mktemp -d -p /run)
trap 'rm -rf "$work"' EXIT

if ! leads nomad; then exit 0; fi
ask nomad /v1/nodes >"$work/nodes"
ask nomad /v1/allocations --get --data namespace='*' --data task_states=false \
  --data-urlencode 'filter=JobType == "service" and DesiredStatus == "run"' >"$work/allocations"
# A worker that was there when they were placed was no place for them: so none is moved to and fro.
python3 - "$work" "$((EPOCHSECONDS - ${SETTLED_SECONDS:-60}))" <<'PY' >"$work/together"
import json, sys
work, settled = sys.argv[1], int(sys.argv[2])
groups = {}
for each in json.load(open(work + "/allocations")):
    groups.setdefault((each["Namespace"], each["JobID"], each["TaskGroup"]), []).append(each)
nodes = [node for node in json.load(open(work + "/nodes")) if (node["Status"], node["SchedulingEligibility"]) == ("ready", "eligible")]
for (namespace, job, _), instances in groups.items():
    newest = max(instances, key=lambda each: each["CreateTime"])
    home, placed = newest["NodeID"], newest["CreateTime"] / 1e9
    together = all((each["NodeID"], each["ClientStatus"]) == (home, "running") for each in instances)
    elsewhere = any(node["ID"] != home and placed < node["StatusUpdatedAt"] < settled for node in nodes)
    if len(instances) > 1 and together and elsewhere:
        print(namespace, job, newest["NodeName"], newest["ID"])
PY
while read -r namespace job node id; do
  # shellcheck disable=SC2016 # Nomad's name for it; of all blocks of a job, only a spread has an attribute.
  if ask nomad "/v1/job/$job" --get --data namespace="$namespace" | grep -F '"Attribute":"${node.unique.id}"' >/dev/null; then
    ask nomad "/v1/allocation/$id/stop" --request PUT --output /dev/null
    echo "$job has all its instances on $node: one of them moves"
  fi
done <"$work/together"

#!/bin/bash
# Does what Nomad's schedulers leave undone. They spread the instances of a service when they place them, and leave them where they are when
# another worker comes: where all of them are on one, and the job asks to be spread over nodes, one moves. And they place nothing where the
# allocation of a system job could not be set up, as when Consul did not answer at that moment: it is tried again.
. ./lib.sh
. ./leader.sh
work_in /run

if ! leads nomad; then exit 0; fi
ask nomad /v1/nodes >"$work/nodes"
ask nomad /v1/allocations --get --data namespace='*' --data task_states=false \
  --data-urlencode 'filter=DesiredStatus == "run" or ClientStatus matches "running|lost"' >"$work/allocations"
# A worker that was there, as it is now, when they were placed was no place for them: so none is moved to and fro, but is tried once an hour. And
# nothing is placed on one on which something is to end: a Traefik that has its port, and another one that waits for it, is a collision that
# shuts out everybody. What was lost with a worker that is back may be running still.
python3 - "$work" <<'PY' >"$work/undone"
import json, sys, time
work = sys.argv[1]
age = lambda at: time.time() - at / 1e9
groups, ending = {}, set()
for each in json.load(open(work + "/allocations")):
    kind, home = each["JobType"], each["NodeID"]
    if each["DesiredStatus"] == "run":
        key = kind, each["Namespace"], each["JobID"], each["TaskGroup"], kind == "system" and home
        groups.setdefault(key, []).append(each)
    elif each["ClientStatus"] == "running" or age(each["ModifyTime"]) < 60:
        ending.add(home)
free = {
    node["ID"]: node["ModifyIndex"]
    for node in json.load(open(work + "/nodes"))
    if (node["Status"], node["SchedulingEligibility"]) == ("ready", "eligible") and node["ID"] not in ending
}
for (kind, namespace, job, *_), instances in groups.items():
    newest = max(instances, key=lambda each: each["CreateIndex"])
    home = newest["NodeID"]
    together = all((each["NodeID"], each["ClientStatus"]) == (home, "running") for each in instances)
    placed = age(newest["CreateTime"])
    elsewhere = any(newest["CreateIndex"] < changed or placed > 3600 for node, changed in free.items() if node != home)
    if kind == "service" and len(instances) > 1 and together and elsewhere and placed > 60:
        print("move", namespace, job, newest["NodeName"], newest["ID"])
    if kind == "system" and newest["ClientStatus"] == "failed" and home in free:
        print("retry", namespace, job, newest["NodeName"], newest["ID"])
PY
# shellcheck disable=SC2016 # Nomad's name for it; of all blocks of a job, only a spread has an attribute.
spreads() { ask nomad "/v1/job/$2" --get --data namespace="$1" | grep -F '"Attribute":"${node.unique.id}"' >/dev/null; }
while read -r what namespace job node id; do
  if [[ $what == retry ]]; then
    ask nomad "/v1/job/$job/evaluate?namespace=$namespace" --request PUT --output /dev/null
    echo "$job failed on $node: it is placed again"
  elif spreads "$namespace" "$job"; then
    ask nomad "/v1/allocation/$id/stop" --request PUT --output /dev/null
    echo "$job has all its instances on $node: one of them moves"
  fi
done <"$work/undone"

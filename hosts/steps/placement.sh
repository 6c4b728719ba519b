#!/bin/bash
# Does what Nomad's schedulers leave undone. They spread the instances of a service when they place them, and leave them where they are when
# another worker comes: where one worker has two more than another, and the job asks to be spread over nodes, one moves. And they place nothing
# where the allocation of a system job could not be set up, as when Consul did not answer at that moment: it is tried again.
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
import collections, json, sys, time
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
    instances.sort(key=lambda each: each["CreateIndex"])
    newest = instances[-1]
    if kind == "system" and newest["ClientStatus"] == "failed" and newest["NodeID"] in free:
        print(kind, namespace, job, newest["ID"], "failed on", newest["NodeName"])
    settled = all(each["ClientStatus"] == "running" and each["JobVersion"] == newest["JobVersion"] for each in instances)
    if kind == "service" and settled and age(newest["CreateTime"]) > 60:
        count = collections.Counter(each["NodeID"] for each in instances)
        last = {each["NodeID"]: each for each in instances}
        for home, most in count.most_common():
            each = last[home]
            created = 0 if age(each["CreateTime"]) > 3600 else each["CreateIndex"]
            if any(created < changed and count[node] < most - 1 for node, changed in free.items()):
                print(kind, namespace, job, each["ID"], "has", most, "instances on", each["NodeName"])
                break
PY
# shellcheck disable=SC2016 # Nomad's name for it; of all blocks of a job, only a spread has an attribute.
while read -r kind namespace job id why; do
  if [[ $kind == system ]]; then
    ask nomad "/v1/job/$job/evaluate?namespace=$namespace" --request PUT --output /dev/null
    echo "$job $why: it is placed again"
  elif ask nomad "/v1/job/$job" --get --data namespace="$namespace" | grep -F '"Attribute":"${node.unique.id}"' >/dev/null; then
    ask nomad "/v1/allocation/$id/stop" --request PUT --output /dev/null
    echo "$job $why: one of them moves"
  fi
done <"$work/undone"

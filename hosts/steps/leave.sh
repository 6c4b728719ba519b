#!/bin/bash
# Watches for the end of this worker, which its Auto Scaling group brings, or EC2 when it wants spot capacity back. Then the worker leaves in
# good order: Nomad moves everything to other workers, Consul says goodbye, and the group hears that nothing holds it back any more.
. ./lib.sh
. ./aws.sh
. ./nomad-api.sh
work_in /run

until [[ -f /etc/cluster/identity.env ]]; do sleep 1; done
# shellcheck source=/dev/null
. /etc/cluster/identity.env

session=
readonly here=$metadata/meta-data

# Says how many seconds are left for others to take over, and why it is the end. It asks for both in one go: each curl costs more than its
# answer, and there is one every two seconds. A curl that fails has no 200 among what it says.
ending() {
  local said
  said=$(curl --silent --max-time 3 --header "X-aws-ec2-metadata-token: $session" --write-out ' %{http_code}\n' \
    --output - "$here/autoscaling/target-lifecycle-state" --output /dev/null "$here/spot/instance-action") || true
  if [[ $said != *" 200"$'\n'* ]]; then return 1; fi
  # It is there two minutes before the end, whatever time the group would give.
  if [[ $said == *$'\n'" 200" ]]; then echo "75 EC2 takes its spot capacity back"; return 0; fi
  if [[ $said == "Terminated 200"* ]]; then echo "240 the group lets it go"; return 0; fi
  return 2
}

# action NAME [FIELDS]: tells the group's lifecycle hook something; prints what is wrong.
action() {
  credentials || { echo "the instance metadata service gives no credentials"; return 1; }
  ask_aws autoscaling --fail-with-body \
    --data "Action=$1&Version=2011-01-01&AutoScalingGroupName=$GROUP&LifecycleHookName=$LIFECYCLE_HOOK&InstanceId=$INSTANCE_ID${2:-}"
}

# While this beats, the group waits; when the host is gone, it waits no longer than the hook's own time. A beat that fails is no matter:
# the group stands five of them missing.
beat() { while sleep 20; do action RecordLifecycleActionHeartbeat >/dev/null 2>&1 || true; done; }

drained() { [[ $(as_node "$nodes/$(node_id)") == *'"DrainStrategy":null'* ]]; }
# Other workers that take what this one gives up.
others() {
  as_node "${nodes}s" | python3 -c '
import json, sys
print(sum(node["Status"] == "ready" and node["SchedulingEligibility"] == "eligible" for node in json.load(sys.stdin)))'
}
emptied() { drained || [[ $(others) == 0 ]]; }

until why=$(ending); do
  # No answer at all: the session is over, or it never began. Without a new one now, the next look asks for it again.
  if (($? == 1)); then session=$(metadata_session) || true; fi
  sleep 2
done
record leave start "${why#* }"
beat &
beating=$!
trap 'kill "$beating" 2>/dev/null; rm -rf "$work"' EXIT
systemctl stop cluster-secrets.timer
# Its agents end on purpose. Not every stack's hosts report: stopping what is not there fails.
systemctl stop cluster-report.timer 2>/dev/null || true
if systemctl is-active --quiet nomad.service; then
  if drain "{\"Deadline\":${why%% *}000000000,\"IgnoreSystemJobs\":false}" false; then
    # When others have not taken over in time, it leaves all the same: who lets it go does not wait. In a shell of its own, as wait_for
    # ends the one that it is in; its reason is in the journal.
    (STEP=leave wait_for $((${why%% *} + 30)) "other workers to take over" emptied) || true
  fi
  # With nobody to take over there is nothing to wait for; stopped in the usual way, Nomad would.
  if ! drained; then systemctl kill --signal SIGINT nomad.service; fi
fi
systemctl stop nomad.service
systemctl stop consul.service
record leave start "has left"
# It sends what has been said so far before it stops. Not every stack's hosts send.
systemctl stop cluster-logs.service || true
# The group listens only once its load balancers have let go of the instance.
if said=$(retry 40 3 action CompleteLifecycleAction '&LifecycleActionResult=CONTINUE' 2>&1); then
  record leave "done"
else
  record leave failed "the group does not let it go yet: ${said: -250}"
fi

#!/bin/bash
# Has Auto Scaling replace workers that run, as far as EC2 knows, and that Nomad has not heard of for five minutes: a kernel that answers with
# nothing behind it. The load balancer's opinion would do so within seconds, and take all workers away for one bad version of Traefik.
. ./lib.sh
. ./aws.sh
. ./leader.sh
work_in /run

if ! leads nomad; then exit 0; fi
ask nomad /v1/nodes >"$work/nodes"
# Those that Nomad calls down may have ended long ago, in good order. A filter takes 200 values.
python3 -c '
import json, sys
down = [node["Name"].removeprefix("worker-") for node in json.load(open(sys.argv[1])) if node["Status"] == "down"]
for first in range(0, len(down), 200):
    print("".join("&Filter.1.Value.%d=%s" % each for each in enumerate(down[first:first + 200], 1)))' "$work/nodes" >"$work/filters"
mapfile -t filters <"$work/filters"
if ((${#filters[@]} == 0)); then exit 0; fi
credentials
for filter in "${filters[@]}"; do
  ask_aws ec2 --fail-with-body --output "$work/answer" --data "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=instance-id$filter\
&Filter.2.Name=instance-state-name&Filter.2.Value.1=running"
  cat "$work/answer" >>"$work/instances"
done
# That there is none, here and of those that are ready, grep calls a failure.
mapfile -t running < <({ grep -o '<instanceId>[^<]*' "$work/instances" || true; } | cut -d'>' -f2)
ready=$({ grep -o '"Status":"ready"' "$work/nodes" || true; } | wc -l)
# When many are silent at once, it is the network between them and the servers, and new ones would be silent too.
if ((${#running[@]} > 1 && ${#running[@]} * 2 > ready)); then
  fail "of all workers ${#running[@]} are down and $ready ready: that is no reason to replace them"
fi
for instance in "${running[@]}"; do
  id=$(python3 -c 'import json, sys; print(next(n["ID"] for n in json.load(open(sys.argv[1])) if n["Name"] == "worker-" + sys.argv[2]))' "$work/nodes" "$instance")
  since=$(ask nomad "/v1/node/$id" | python3 -c 'import json, sys, time; print(int(time.time()) - json.load(sys.stdin)["StatusUpdatedAt"])')
  if ((since < ${LOST_SECONDS:-300})); then continue; fi
  ask_aws autoscaling --fail-with-body --output /dev/null \
    --data "Action=SetInstanceHealth&Version=2011-01-01&InstanceId=$instance&HealthStatus=Unhealthy&ShouldRespectGracePeriod=true"
  echo "$instance has been silent for $since s: its group replaces it"
done

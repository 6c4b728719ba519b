#!/bin/bash
# Tells CloudWatch, in one request, how this host is and what it leads. Each figure is one for all hosts of a role, so that their number,
# which is what is paid for, does not grow with the hosts.
. ./lib.sh
. ./aws.sh
work_in /run
python3 -B "report-$ROLE.py" >"$work/metrics"
credentials || fail "the instance metadata service gives no credentials"
ask_aws monitoring --header 'X-Amz-Target: GraniteServiceVersion20100801.PutMetricData' --header 'Content-Type: application/x-amz-json-1.0' \
  --data "@$work/metrics" --fail-with-body --output "$work/answer" || fail "CloudWatch: $(head -c 250 "$work/answer")"

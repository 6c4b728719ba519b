#!/bin/bash
# Takes a host from bare to a member of the cluster: runs the steps that host.env names, in order, and records each. Every
# step may be run again, so a boot that failed is simply repeated (cluster-boot.service does), and so is one after a reboot.
set -Eeuo pipefail
cd "$(dirname "$0")"
# shellcheck source=lib.sh
. ./lib.sh
set -a
# shellcheck source=/dev/null
. "${HOST_ENV:-/etc/cluster/host.env}"
set +a

output=$(mktemp)
trap 'rm -f "$output"' EXIT

record boot start "$ROLE of $CLUSTER"
# shellcheck disable=SC2153 # host.env gives STEPS
for STEP in $STEPS; do
  export STEP
  record "$STEP" start
  if bash -Eeuo pipefail "$STEP.sh" >"$output" 2>&1; then
    tee --append "$BOOT_LOG" <"$output"
    record "$STEP" "done" "$(tail -n 1 "$output")"
  else
    tee --append "$BOOT_LOG" <"$output"
    record "$STEP" failed "$(tail -n 1 "$output")"
    if [[ " ${OPTIONAL_STEPS:-} " != *" $STEP "* ]]; then exit 1; fi
  fi
done
record boot "done"

#!/bin/bash
# Mounts the data volume on /var/lib/cluster, and makes a file system on it only when it is blank. Not in fstab: this step runs
# at every boot, before the agents, which must never start on an empty folder of the root disk.
. ./lib.sh
readonly target=/var/lib/cluster
readonly device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${DATA_VOLUME_ID/-/}

install -d -m 0755 "$target"
if mountpoint --quiet "$target"; then
  echo "$target is mounted already"
  exit 0
fi
# The volume is attached after the instance has started.
wait_for 600 "volume $DATA_VOLUME_ID at $device" test -b "$device"

# Blank means that neither a file system nor a partition table nor anything else is recognised on it.
status=0
found=$(blkid --probe --output export "$device") || status=$?
if [[ $'\n'$found$'\n' == *$'\nTYPE=ext4\n'* ]]; then
  e2fsck -p "$device" || (($? < 4)) || fail "the file system on $DATA_VOLUME_ID needs a repair by hand: e2fsck $device"
  did="kept its data"
elif ((status == 2)) && [[ -z $found ]]; then
  mkfs.ext4 -q -m 1 -L cluster-data "$device" || fail "no file system could be made on $DATA_VOLUME_ID"
  did="blank, formatted"
else
  fail "volume $DATA_VOLUME_ID holds something else, which is not formatted over: ${found:-blkid ended with $status}"
fi
mount -o noatime "$device" "$target" || fail "$device could not be mounted on $target"
echo "$DATA_VOLUME_ID mounted on $target ($did)"

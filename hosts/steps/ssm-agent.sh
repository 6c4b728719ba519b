#!/bin/bash
# Installs the agent through which Session Manager reaches this host, from the region's own bucket.
. ./lib.sh
if command -v amazon-ssm-agent >/dev/null; then
  echo "already there"
  exit 0
fi
package=$(mktemp --suffix .deb)
url=https://s3.$REGION.amazonaws.com/amazon-ssm-$REGION/latest/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb
fetch() { curl --silent --show-error --fail --connect-timeout 5 --max-time 120 --output "$package" "$url"; }
retry 5 5 fetch || fail "$url could not be downloaded: Session Manager will not reach this host"
dpkg --install "$package" || fail "the SSM agent's package could not be installed"
rm -f "$package"
systemctl enable --quiet --now amazon-ssm-agent.service || fail "the SSM agent did not start"
echo "installed"

#!/bin/bash
# Learns from the instance metadata service (version 2) which instance this is, and keeps it in identity.env.
. ./lib.sh
readonly service=http://169.254.169.254/latest

get_token() {
  curl --silent --show-error --fail --max-time 3 --request PUT \
    --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$service/api/token"
}
read_item() {
  curl --silent --show-error --fail --max-time 3 --header "X-aws-ec2-metadata-token: $token" "$service/meta-data/$1"
}
# item NAME PATTERN: a value that goes into configuration files, so its form is checked here, once.
item() {
  local value
  value=$(retry 10 1 read_item "$1") || fail "instance metadata has no $1"
  [[ $value =~ ^$2$ ]] || fail "instance metadata gives '$value' for $1, which does not look like one"
  printf '%s' "$value"
}

token=$(retry 60 1 get_token) || fail "the instance metadata service at 169.254.169.254 gave no token for a minute"
instance_id=$(item instance-id 'i-[0-9a-f]+')
address=$(item local-ipv4 '[0-9]+(\.[0-9]+){3}')
zone=$(item placement/availability-zone '[a-z0-9-]+')

install -d -m 0755 /etc/cluster
cat >/etc/cluster/identity.env <<ENV
INSTANCE_ID=$instance_id
ADDRESS=$address
ZONE=$zone
NODE_NAME=${NAME:-$ROLE-$instance_id}
ENV
echo "$instance_id $address $zone"

# shellcheck shell=bash
# shellcheck disable=SC2154 # $work is a folder of the caller's that nobody else can read
# For the steps that ask AWS as this instance's role. Sourced, never run.
readonly metadata=http://169.254.169.254/latest
quiet=(--silent --show-error --fail --max-time 5)

# metadata_session: a token that opens the instance metadata service (version 2) for six hours.
metadata_session() {
  curl "${quiet[@]}" --request PUT --header 'X-aws-ec2-metadata-token-ttl-seconds: 21600' "$metadata/api/token"
}

# Writes the role's credentials as options for curl: they last for hours, and the next run gets new ones.
credentials() {
  local token name
  token=$(metadata_session)
  name=$(curl "${quiet[@]}" --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/iam/security-credentials/")
  curl "${quiet[@]}" --header "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/iam/security-credentials/$name" |
    python3 -c '
import json, sys
role = json.load(sys.stdin)
print("user = \"{AccessKeyId}:{SecretAccessKey}\"\nheader = \"X-Amz-Security-Token: {Token}\"".format(**role))' >"$work/curl"
}

# ask_aws SERVICE[/PATH] CURL-OPTIONS...: one signed request to the region's endpoint of a service.
ask_aws() {
  local service=${1%%/*} path=
  if [[ $1 == */* ]]; then path=${1#*/}; fi
  shift
  curl --silent --show-error --max-time 10 --config "$work/curl" --aws-sigv4 "aws:amz:$REGION:$service" "$@" \
    "https://$service.$REGION.amazonaws.com/$path"
}

#!/bin/bash
# Installs what the host's role needs, in the pinned versions, unless the image has it: so one script serves a stock Debian and
# a golden image, and makes the latter.
. ./lib.sh
readonly bin=/usr/local/bin

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=300 "$@"; }

packages() {
  local missing=() pair
  for pair in "$@"; do
    # Each is `command:package`: the command tells whether the package is needed.
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  if ((${#missing[@]} == 0)); then return 0; fi
  # Docker refuses to run containers where the kernel has AppArmor on and its parser is missing.
  if [[ " ${missing[*]} " == *" docker.io "* && $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]]; then
    missing+=(apparmor)
  fi
  note "installing ${missing[*]}"
  retry 5 10 apt_get update || fail "apt-get update failed: $(tail -n 1 <(apt_get update 2>&1))"
  retry 3 10 apt_get install --no-install-recommends "${missing[@]}" || fail "apt-get install ${missing[*]} failed"
}

# account NAME: an unprivileged user for an agent.
account() {
  if id "$1" >/dev/null 2>&1; then return 0; fi
  useradd --system --user-group --no-create-home --home-dir "/var/lib/cluster/$1" --shell /usr/sbin/nologin "$1"
}

fetch() { curl --silent --show-error --fail --location --proto =https,http,file --connect-timeout 10 --max-time 600 --output "$2" "$1"; }

# release NAME VERSION SHA256: a program of that version; an empty SHA256 means the mirror's own list.
release() {
  local name=$1 version=$2 sha256=$3 url archive work
  if [[ -x $bin/$name && "$("$bin/$name" version 2>/dev/null | head -n 1) " == *" v$version "* ]]; then return 0; fi
  note "installing $name $version"
  url=$RELEASES_URL/$name/$version
  archive=${name}_${version}_linux_$(dpkg --print-architecture).zip
  work=$(mktemp -d)
  retry 5 5 fetch "$url/$archive" "$work/$archive" || fail "$url/$archive could not be downloaded"
  if [[ -z $sha256 ]]; then
    retry 5 5 fetch "$url/${name}_${version}_SHA256SUMS" "$work/sums" || fail "$url has no SHA256SUMS to check against"
    sha256=$(awk -v archive="$archive" '$2 == archive { print $1 }' "$work/sums")
  fi
  echo "$sha256  $work/$archive" | sha256sum --check --status || fail "$url/$archive is not the file that was pinned (SHA-256)"
  python3 -m zipfile -e "$work/$archive" "$work/out"
  install -m 0755 "$work/out/$name" "$bin/$name.new"
  # In one move, so that a power cut never leaves half a program under the name.
  mv -f "$bin/$name.new" "$bin/$name"
  rm -rf "$work"
}

common=(curl:curl ip:iproute2 python3:python3 nft:nftables mkfs.ext4:e2fsprogs)
case $ROLE in
  server) packages "${common[@]}" ;;
  # Docker unpacks images with pigz where it finds it.
  worker) packages "${common[@]}" dockerd:docker.io unpigz:pigz docker-credential-ecr-login:amazon-ecr-credential-helper ;;
esac
account consul
account nomad
release consul "$CONSUL_VERSION" "${CONSUL_SHA256:-}"
release nomad "$NOMAD_VERSION" "${NOMAD_SHA256:-}"
# Started here, so that it is up by the time that Nomad looks for it; not while an image is being made.
if [[ $ROLE == worker && -d /run/systemd/system ]]; then systemctl start --no-block docker.service; fi
echo "consul $CONSUL_VERSION, nomad $NOMAD_VERSION"

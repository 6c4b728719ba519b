#!/bin/sh
# Makes debian:bookworm-slim's like: a minimal Debian 12 root file system in a tar.
# $1: a folder to work in; $2: the tar to write. Packages come from debootstrap's own default mirror.
set -eu
root=$1/root
tarball=$2

debootstrap --variant=minbase --include=ca-certificates bookworm "$root"
mirror=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list")

cat >"$root/etc/apt/sources.list" <<SOURCES
deb $mirror bookworm main
deb $mirror bookworm-updates main
deb $mirror-security bookworm-security main
SOURCES

# What the official slim image does: no services started by package installs, no recommended languages and manuals.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cat >"$root/etc/dpkg/dpkg.cfg.d/docker" <<'SLIM'
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
SLIM
cat >"$root/etc/apt/apt.conf.d/docker" <<'APT'
Acquire::Languages "none";
Acquire::Retries "3";
Apt::AutoRemove::SuggestsImportant "false";
APT

rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/* \
  "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/usr/share/info/* "$root"/var/cache/debconf/*-old
find "$root/usr/share/doc" -type f ! -name copyright -delete
find "$root/usr/share/doc" -type l -delete
: >"$root/etc/machine-id"
rm -f "$root/etc/hostname" "$root/etc/resolv.conf"

tar --numeric-owner -C "$root" -cf "$tarball" .

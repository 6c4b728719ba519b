#!/bin/sh
set -e
# As in the official image: flags and subcommands are traefik's, anything else is a command.
if [ "${1#-}" != "$1" ] || [ "$1" = healthcheck ] || [ "$1" = version ]; then
  set -- traefik "$@"
fi
exec "$@"

# shellcheck shell=bash
# What every boot step uses. Sourced, never run.

export BOOT_LOG=${BOOT_LOG:-/var/log/cluster-boot.log}
export BOOT_CONSOLE=${BOOT_CONSOLE:-/dev/console}

# record STEP STATE [DETAIL]: one line on the console, which EC2 keeps for whoever may ask, in the log and in the journal.
record() {
  local detail line
  detail=$(printf '%s' "${3:-}" | tr '\n"' " '" | tr -cd '[:print:]' | cut -c1-300)
  line="cluster-boot: step=$1 state=$2${detail:+ detail=\"$detail\"} t=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)"
  printf '%s\n' "$line" >>"$BOOT_LOG"
  printf '%s\n' "$line" 2>/dev/null >"$BOOT_CONSOLE" || true
  logger --tag cluster-boot -- "$line" 2>/dev/null || true
}

# note TEXT: what the running step is waiting for.
note() { record "$STEP" start "$1"; }

# fail TEXT: ends the step; TEXT becomes the detail of its `failed` line.
fail() {
  printf '%s\n' "${1//$'\n'/ }" >&2
  exit 1
}

# work_in FOLDER: has a step write for its own eyes alone, and gives it a folder, $work, that goes with it.
work_in() {
  umask 077
  work=$(mktemp -d -p "$1")
  trap 'rm -rf "$work"' EXIT
}

# retry TIMES SECONDS COMMAND...: runs it until it succeeds, pausing in between.
retry() {
  local times=$1 pause=$2 attempt
  shift 2
  for ((attempt = 1; attempt <= times; attempt++)); do
    if "$@"; then return 0; fi
    if ((attempt < times)); then sleep "$pause"; fi
  done
  return 1
}

# wait_for SECONDS WHAT COMMAND...: polls the command; says what it waits for every 15 s; ends the step when the time is over. The
# command may print how far things are.
wait_for() {
  local limit=$1 what=$2 started=$SECONDS said=$SECONDS progress
  shift 2
  until progress=$("$@" 2>&1); do
    if ((SECONDS - started >= limit)); then
      fail "no $what after $limit s${progress:+: $progress}"
    fi
    if ((SECONDS - said >= 15)); then
      note "waiting for $what, $((SECONDS - started)) s so far${progress:+: $progress}"
      said=$SECONDS
    fi
    sleep 0.5
  done
}

# last_words UNIT: the last thing that a unit said, which is usually why it does not run.
last_words() { journalctl "_SYSTEMD_UNIT=$1" --lines 1 --output cat --no-pager 2>/dev/null || true; }

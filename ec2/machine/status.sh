# shellcheck shell=bash
# Where the set-up is, and why it ended, for the launcher. In memory, so that a full disk can be told of
# and a boot knows nothing of the one before.
readonly STATE=/run/sparknet
readonly LOG=/var/log/sparknet-setup.log
current=start

# From here on output goes to the log, one set-up runs at a time, and none ends unnoticed.
begin_status() {
  mkdir -p "$STATE"
  chmod 755 "$STATE"
  exec 9>"$STATE/lock"
  flock 9
  (umask 077 && touch "$LOG") || fail "cannot write $LOG"
  exec >>"$LOG" 2>&1
  trap 'ended $?' EXIT
}

write_status() {
  printf '%s\n' "$1" >"$STATE/status.new"
  chmod 644 "$STATE/status.new"
  mv "$STATE/status.new" "$STATE/status"
}

# stage NAME: what begins now; the last one is `ready`.
stage() {
  current="$1"
  write_status "$1"
  note "$1"
}

# The disk may be full.
note() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$1" || true; }

# fail REASON: ends the set-up.
fail() {
  write_status "failed: $current: $1"
  note "failed: $1"
  trap - EXIT
  exit 1
}

ended() {
  # A failure inside a pipe has been told of already.
  if (($1 == 0)) || grep -qs '^failed: ' "$STATE/status"; then return 0; fi
  write_status "failed: $current: ended with status $1; see $LOG"
}

# attempt WHAT COMMAND...: if the command fails, what it said last is the reason.
attempt() {
  local what="$1" said="$STATE/said" status=0
  shift
  "$@" >"$said" 2>&1 || status=$?
  cat "$said" || true
  if ((status != 0)); then
    fail "$what: $(grep -v '^[[:space:]]*$' "$said" | tail -n 1 || echo "status $status")"
  fi
}

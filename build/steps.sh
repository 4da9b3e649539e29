# shellcheck shell=bash disable=SC2034,SC2154 # environment.sh and build/setup have the other half
# Sourced after environment.sh: steps that run side by side, each with its output in
# target/logs/NAME.log, and what is shown of them meanwhile. On a terminal that is one line a step,
# drawn again every second; elsewhere a line now and then.

step_news_every=30 # seconds, where there is no terminal
declare -A step_pid=() step_began=() step_told=()
declare -A step_needs=() # STEP: the steps that come before it, if they are among those to do
steps_running=()
steps_pending=()
steps_drawn=0

on_terminal() { [[ -t 1 && "${TERM:-dumb}" != dumb ]]; }

# how_far LOG: the last thing in it that tells: make's per cent, or what CMake, pip, sbt or apt
# is at.
how_far() {
  [[ -f "$1" ]] || return 0
  tail -c 16384 "$1" | tr '\r' '\n' | sed -nE -e 's/\x1b\[[0-9;]*m//g' \
    -e 's/^\[ *([0-9]+%)\] .*/\1/p' \
    -e 's/^-- (Fetching .*)/\1/p' \
    -e 's/^(Collecting [^ ;(<>=!~]+).*/\1/p' \
    -e 's/^ *(Downloading [^ ]+) \(([^)]+)\).*/\1, \2/p' \
    -e 's/^ *(Building [a-z]+ for [^ ]+).*/\1/p' \
    -e 's/^(Installing collected packages).*/\1/p' \
    -e 's/^\[(info|success)\] +([^ ].*)/\2/p' \
    -e 's/^Get:[0-9]+ [^ ]+ [^ ]+ [^ ]+ ([^ ]+) .*/Downloading \1/p' \
    -e 's/^((Unpacking|Setting up) [^ ]+).*/\1/p' | tail -n 1
}

# start_step NAME COMMAND...: starts COMMAND, in a process group that can be ended as a whole.
start_step() {
  local name="$1" log="$LOGS/$1.log"
  shift
  mkdir -p "$LOGS"
  : >"$log"
  trap end_steps EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  set -m
  # `set -e` holds in here, and what it starts stays in its group. The lock of build/setup is not
  # for those that outlive it.
  (
    set +m -e
    "$@"
  ) >"$log" 2>&1 </dev/null 8>&- &
  set +m
  step_pid[$name]=$!
  step_began[$name]="$SECONDS"
  step_told[$name]="$SECONDS"
  steps_running+=("$name")
  on_terminal || printf '%-10s begun; its log is %s\n' "$name" "${log#"$ROOT/"}"
}

is_running() { [[ " ${steps_running[*]} " == *" $1 "* ]]; }

forget_step() {
  local name kept=()
  for name in "${steps_running[@]}"; do
    [[ "$name" == "$1" ]] || kept+=("$name")
  done
  steps_running=("${kept[@]}")
}

# Ends what runs, with all that it has started; those who do not end when asked are killed.
end_steps() {
  local name
  ((${#steps_running[@]})) || return 0
  show_steps
  for name in "${steps_running[@]}"; do
    kill -TERM -- "-${step_pid[$name]}" 2>/dev/null || true
  done
  for _ in {1..50}; do
    for name in "${steps_running[@]}"; do
      kill -0 -- "-${step_pid[$name]}" 2>/dev/null || forget_step "$name"
    done
    ((${#steps_running[@]})) || break
    sleep 0.1
  done
  for name in "${steps_running[@]}"; do
    kill -KILL -- "-${step_pid[$name]}" 2>/dev/null || true
  done
  steps_running=()
  wait 2>/dev/null || true
}

step_line() {
  local seconds=$((SECONDS - step_began[$1])) far
  far="$(how_far "$LOGS/$1.log")"
  printf '%-10s %4d s  %s' "$1" "$seconds" "$far"
}

# show_steps [LINE]: LINE, which stays, and below it how far the running steps are.
show_steps() {
  local name line columns=80
  if on_terminal; then
    ((steps_drawn == 0)) || printf '\e[%dA' "$steps_drawn"
    printf '\r\e[J'
    { read -r _ columns < <(stty size 2>/dev/null <&9) || true; } 9>&1
    ((columns > 0)) || columns=80
  fi
  (($# == 0)) || printf '%s\n' "$1"
  steps_drawn=0
  for name in "${steps_running[@]}"; do
    if on_terminal; then
      line="$(step_line "$name")"
      printf '%s\n' "${line:0:columns-1}"
      steps_drawn=$((steps_drawn + 1))
    elif ((SECONDS - step_told[$name] >= step_news_every)); then
      step_line "$name"
      printf '\n'
      step_told[$name]="$SECONDS"
    fi
  done
}

# await_step: until one of the running steps has ended, whose name is then in `step_ended`. If it
# has failed, the others are ended and the end of its log is shown.
await_step() {
  local name status=0 taken drawn=-1
  step_ended=""
  while true; do
    for name in "${steps_running[@]}"; do
      kill -0 "${step_pid[$name]}" 2>/dev/null && continue
      step_ended="$name"
      break 2
    done
    ((drawn == SECONDS)) || show_steps
    drawn="$SECONDS"
    sleep 0.2
  done
  wait "${step_pid[$name]}" 2>/dev/null || status=$?
  forget_step "$name"
  taken=$((SECONDS - step_began[$name]))
  if ((status == 0)); then
    show_steps "$(printf '%-10s done in %d s' "$name" "$taken")"
    return
  fi
  show_steps "$(printf '%-10s failed after %d s' "$name" "$taken")"
  # What it has left behind, such as the other jobs of make.
  kill -TERM -- "-${step_pid[$name]}" 2>/dev/null || true
  end_steps
  tail -n 40 "$LOGS/$name.log" >&2
  fail "$name failed; the whole log is ${LOGS#"$ROOT/"}/$name.log"
}

# logged NAME COMMAND...: runs COMMAND as a step and waits for it.
logged() {
  start_step "$@"
  while is_running "$1"; do await_step; done
}

# write_stamp NAME INPUT...: notes which files the step is about to read. Its time is that of the
# step's start: what is edited during the step is built the next time.
write_stamp() {
  local stamp="$TARGET/stamps/$1"
  shift
  mkdir -p "$TARGET/stamps"
  input_files "$@" >"$stamp.new"
}

# keep_stamp NAME: the step has done its work.
keep_stamp() {
  if [[ -f "$TARGET/stamps/$1.new" ]]; then mv "$TARGET/stamps/$1.new" "$TARGET/stamps/$1"; fi
}

readonly INPUT_FILES=(-type f -not -name '*.pyc' -not -name 'caffe_pb2.*'
  -not -name layer_calls.pyi)
input_files() { find "$@" "${INPUT_FILES[@]}" | sort; }

# unchanged NAME OUTPUT INPUT...: whether OUTPUT is there and the files in the INPUTs are the same
# ones, unchanged since the step's last time.
unchanged() {
  local output="$2" stamp="$TARGET/stamps/$1"
  shift 2
  [[ -e "$output" && -f "$stamp" && "$(<"$stamp")" == "$(input_files "$@")" &&
    -z "$(find "$@" "${INPUT_FILES[@]}" -newer "$stamp" -print -quit)" ]]
}

# start_if_changed NAME OUTPUT INPUT... -- COMMAND...: starts COMMAND as a step, unless it is
# `unchanged`. Who awaits it keeps its stamp.
start_if_changed() {
  local name="$1" watched=()
  while [[ "$1" != -- ]]; do
    watched+=("$1")
    shift
  done
  shift
  if unchanged "${watched[@]}"; then return; fi
  write_stamp "$name" "${watched[@]:2}"
  start_step "$name" "$@"
}

# run_steps TOGETHER STEP...: calls the function setup_STEP of each, which may start a step of this
# name, in this order, but after what `step_needs` says; one at a time unless TOGETHER is 1. When a
# step has done its work its stamp is kept and after_STEP called, if there is one.
run_steps() {
  local together="$1" place step
  shift
  steps_pending=("$@")
  while ((${#steps_pending[@]} + ${#steps_running[@]})); do
    for place in "${!steps_pending[@]}"; do
      step="${steps_pending[place]}"
      if ((together || ${#steps_running[@]} == 0)) && may_start "$step"; then
        unset "steps_pending[place]"
        "setup_$step"
      fi
    done
    ((${#steps_running[@]})) || continue
    await_step
    keep_stamp "$step_ended"
    if declare -F "after_$step_ended" >/dev/null; then "after_$step_ended"; fi
  done
}

may_start() {
  local other
  for other in ${step_needs[$1]:-}; do
    if is_running "$other" || [[ " ${steps_pending[*]} " == *" $other "* ]]; then return 1; fi
  done
}

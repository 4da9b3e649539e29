# shellcheck shell=bash
# Sourced by every script in build/: where things are, and how a long step is run.

set -euo pipefail

# -P: a path through a link and one without it must give the same build folders.
ROOT="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
readonly TARGET="$ROOT/target"
readonly POM="$ROOT/build/pom.xml"
readonly LOGS="$TARGET/logs"
readonly TOOLS="$TARGET/tools"
readonly VENV="$TARGET/venv"
export SPARKNET_HOME="$ROOT"

# pom_property NAME: the text of <NAME> in build/pom.xml.
pom_property() {
  local value
  value="$(sed -n "s|^ *<$1>\(.*\)</$1>.*|\1|p" "$POM" | head -n 1)"
  [[ -n "$value" ]] || fail "build/pom.xml has no <$1>"
  printf '%s\n' "$value"
}

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

SPARKNET_VERSION="$(pom_property version)"
SCALA_BINARY_VERSION="$(pom_property scala.binary.version)"
export SPARKNET_VERSION
readonly JAR="$TARGET/scala-$SCALA_BINARY_VERSION/sparknet-assembly-$SPARKNET_VERSION.jar"

# logged NAME COMMAND...: runs COMMAND with its output in target/logs/NAME.log; on failure shows
# the end of it and where it is.
logged() {
  local name="$1" log="$LOGS/$1.log" start="$SECONDS" status=0
  shift
  mkdir -p "$LOGS"
  printf '%s ... ' "$name"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if ((status != 0)); then
    printf 'failed after %d s\n' "$((SECONDS - start))"
    tail -n 40 "$log" >&2
    fail "$name failed; the whole log is $log"
  fi
  printf 'done in %d s\n' "$((SECONDS - start))"
}

# maven_copy ARTIFACT FOLDER: puts group:artifact:version:packaging[:classifier] into FOLDER, from
# the local repository where it is there, so that a machine without a network can build again.
maven_copy() {
  local goal=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy
  local arguments=(-B -q "$goal" "-Dartifact=$1" "-DoutputDirectory=$2")
  mkdir -p "$2"
  mvn -o "${arguments[@]}" >/dev/null 2>&1 || mvn "${arguments[@]}"
}

# find_java: sets JAVA_HOME to a JDK 17 or later if it is not set.
find_java() {
  local javac
  if [[ -z "${JAVA_HOME:-}" ]] && javac="$(command -v javac)"; then
    JAVA_HOME="$(dirname "$(dirname "$(readlink -f "$javac")")")"
  fi
  [[ -x "${JAVA_HOME:-}/bin/javac" ]] || fail "no JDK found; build/setup says how to get one"
  export JAVA_HOME
}

# shellcheck shell=bash disable=SC2034 # the constants are for the scripts that source this
# Sourced by every script in build/: where things are, which tools are used, how steps run (steps.sh).

set -euo pipefail

# -P: a path through a link and one without it must give the same build folders.
ROOT="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
readonly TARGET="$ROOT/target"
readonly POM="$ROOT/build/pom.xml"
readonly LOGS="$TARGET/logs"
readonly TOOLS="$TARGET/tools"
readonly VENV="$TARGET/venv"
readonly NATIVE_BUILD="$TARGET/native/build"
export SPARKNET_HOME="$ROOT"

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The line of Spark that is built for and run on, by the id of its profile in build/pom.xml:
# `--spark 4` of build/setup and build/test, or this variable.
: "${SPARKNET_SPARK:=spark-3.5}"
export SPARKNET_SPARK

# pom_property NAME: the text of <NAME> in build/pom.xml, of the line's profile if it is in several.
pom_property() {
  local value
  value="$(awk -v line="$SPARKNET_SPARK" -v begin="<$1>" -v end="</$1>" '
    /<profile>/ { inside = 1; own = 0 }
    /<\/profile>/ { inside = 0 }
    inside && index($0, "<id>" line "</id>") { own = 1 }
    (!inside || own) && (at = index($0, begin)) && (to = index($0, end)) {
      at += length(begin)
      print substr($0, at, to - at)
      exit
    }' "$POM")"
  [[ -n "$value" ]] || fail "build/pom.xml has no <$1> for $SPARKNET_SPARK"
  printf '%s\n' "$value"
}

# spark_line NAME: what `--spark NAME` stands for, the id of a profile: 4 or spark-4 for spark-4.
spark_line() {
  local id="spark-${1#spark-}"
  grep -q "<id>$id</id>" "$POM" || fail "build/pom.xml has no Spark '$1'; there are $(
    sed -n 's|^ *<id>spark-\(.*\)</id>|\1|p' "$POM" | paste -s -d ' '
  )"
  printf '%s\n' "$id"
}

# use_spark NAME: what depends on the line from here on: its project in build.sbt and where its things
# are. PYSPARK is a folder to put before the environment's packages; empty: it has this PySpark.
use_spark() {
  SPARKNET_SPARK="$(spark_line "$1")"
  if [[ "$SPARKNET_SPARK" == spark-3.5 ]]; then
    LINE_TARGET="$TARGET" LINE_PROJECT=sparknet PYSPARK=""
  else
    LINE_TARGET="$TARGET/$SPARKNET_SPARK" LINE_PROJECT="${SPARKNET_SPARK//[-.]/}"
    PYSPARK="$LINE_TARGET/python"
  fi
  JAR="$LINE_TARGET/scala-$(pom_property scala.binary.version)"
  JAR+="/sparknet-assembly-$(pom_property version).jar"
}
use_spark "$SPARKNET_SPARK"

# maven_copy ARTIFACT FOLDER: puts group:artifact:version:packaging[:classifier] into FOLDER, without a
# network where the local repository has it. That is not made for several Mavens at once.
maven_copy() {
  mkdir -p "$2" "$TOOLS"
  flock "$TOOLS/maven.lock" mvn -B -q \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy "-Dartifact=$1" "-DoutputDirectory=$2"
}

# java_release HOME: the feature release of the JDK or JRE there; nothing if there is none.
java_release() {
  [[ -x "$1/bin/java" && -f "$1/release" ]] || return 0
  sed -n 's/^JAVA_VERSION="\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' "$1/release"
}

# find_java: sets JAVA_HOME to a JDK 17: the one that is set, that of javac, or an installed one.
# Spark 3.5 runs on 8, 11 and 17; SparkNet is compiled for 17.
find_java() {
  local home javac=""
  javac="$(command -v javac || true)"
  for home in "${JAVA_HOME:-}" "${javac:+$(dirname "$(dirname "$(readlink -f "$javac")")")}" \
    /usr/lib/jvm/*17*; do
    if [[ -n "$home" && -x "$home/bin/javac" && "$(java_release "$home")" == 17 ]]; then
      export JAVA_HOME="$home"
      return
    fi
  done
  return 1
}

# python_fits PYTHON: whether it is a Python 3.9 to 3.12 that can make a virtual environment.
python_fits() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 12))' \
    >/dev/null 2>&1
}

# find_python: prints the first Python that fits. A name may be a shim that runs nothing, so each
# is tried.
find_python() {
  local name
  for name in "${SPARKNET_PYTHON:-}" python3 /usr/bin/python3 python3.12 python3.11 python3.10 \
    python3.9; do
    if [[ -n "$name" ]] && python_fits "$name"; then
      "$name" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

# has_fuzzer: whether clang can make a libFuzzer program here.
has_fuzzer() {
  local runtime
  command -v clang++ >/dev/null || return 1
  runtime="$(clang++ -fsanitize=fuzzer -### -x c++ /dev/null 2>&1 |
    sed -n 's/.*"\([^"]*libclang_rt\.fuzzer[^"]*\.a\)".*/\1/p' | head -n 1)"
  [[ -f "$runtime" ]]
}

source "$ROOT/build/steps.sh"

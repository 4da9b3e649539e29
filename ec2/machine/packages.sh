# shellcheck shell=bash
# Java and Python, from the distribution where they are not here yet.

# install_package APT DNF
install_package() {
  if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # A machine that has just booted updates itself, too: its lock is waited for.
    attempt "apt-get update" retry apt-get -o DPkg::Lock::Timeout=300 -qq update
    attempt "apt-get install $1" \
      apt-get -o DPkg::Lock::Timeout=300 -qq install -y --no-install-recommends "$1"
  elif command -v dnf >/dev/null; then
    attempt "dnf install $2" retry dnf -q -y install "$2"
  else
    fail "there is neither apt-get nor dnf to install $1 with"
  fi
}

# retry COMMAND...: mirrors and locks that do not answer at once; some seconds in between.
retry() {
  local wait
  for wait in ${SPARKNET_PAUSES:-2 5 15}; do
    if "$@"; then return; fi
    sleep "$wait"
  done
  "$@"
}

# The home of a Java that Spark and SparkNet run on; nothing if there is none.
java_home() {
  local java version
  for java in "$(command -v java || true)" /usr/lib/jvm/*17*/bin/java; do
    [[ -x "$java" ]] || continue
    java="$(readlink -f "$java")"
    version="$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')"
    case "$version" in
      17 | 21)
        dirname "$(dirname "$java")"
        return
        ;;
    esac
  done
}

require_java() {
  [[ -z "$(java_home)" ]] || return 0
  local dnf='java-17-openjdk-headless'
  # Amazon Linux has this one alone.
  if dnf -q list java-17-amazon-corretto-headless >/dev/null 2>&1; then
    dnf='java-17-amazon-corretto-headless'
  fi
  install_package openjdk-17-jre-headless "$dnf"
  [[ -n "$(java_home)" ]] || fail "there is no Java 17, though its package is installed"
}

readonly PYTHON=/opt/sparknet/python

# What PySpark and SparkNet's Python need, of versions that suit the Spark.
python_packages() {
  case "$SPARK_VERSION" in
    3.*) printf '%s\n' 'numpy>=1.21,<2' 'pandas>=1.5,<2.3' 'pyarrow>=11,<20' ;;
    *) printf '%s\n' 'numpy>=1.22,<3' 'pandas>=2.2,<3' 'pyarrow>=18' ;;
  esac
  # PySpark 3.5 needs distutils, which Python 3.12 has no more; setuptools has it.
  printf '%s\n' 'protobuf>=4.25,<8' 'setuptools<81'
}

# A Python that Spark's PySpark runs on; nothing if there is none.
find_python() {
  local python
  for python in python3 python3.11 python3.12 python3.13 python3.10; do
    if "$python" -c "import sys; sys.exit(sys.version_info < (3, $(least_python)))" 2>/dev/null; then
      printf '%s\n' "$python"
      return
    fi
  done
}

# 3.N; that of Amazon Linux itself is 3.9.
least_python() {
  case "$SPARK_VERSION" in 3.* | 4.0.*) printf '9' ;; *) printf '10' ;; esac
}

require_python() {
  local packages have python dnf=python3
  mapfile -t packages < <(python_packages)
  have="$(cat "$PYTHON/.packages" 2>/dev/null || true)"
  [[ "$have" != "${packages[*]}" ]] || return 0
  python="$(find_python)"
  if [[ -z "$python" ]]; then
    if (($(least_python) > 9)); then dnf=python3.11; fi
    install_package python3 "$dnf"
    python="$(find_python)"
    [[ -n "$python" ]] ||
      fail "there is no Python 3.$(least_python) or newer, which Spark $SPARK_VERSION needs"
  fi
  # What apt's python3 comes without.
  "$python" -c 'import ensurepip, venv' 2>/dev/null || install_package python3-venv "$python"
  mkdir -p "${PYTHON%/*}"
  attempt "$python -m venv" "$python" -m venv --clear "$PYTHON"
  attempt "pip install ${packages[*]}" "$PYTHON/bin/python" -m pip install --quiet --no-cache-dir \
    --disable-pip-version-check --only-binary :all: "${packages[@]}"
  printf '%s\n' "${packages[*]}" >"$PYTHON/.packages"
}

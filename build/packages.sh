# shellcheck shell=bash
# Sourced by build/setup: what SparkNet needs of the system, how it is told whether that is here, and
# what packages are called that have it. A system is known by what it has, never by its name.

# What is needed; its package for apt (Debian 12, Ubuntu 22.04 and newer); for dnf (Fedora, RHEL 9 and
# its kin, Amazon Linux 2023). A name with a slash or a dot is a header.
readonly NEEDS="
g++                       g++                      gcc-c++
cmake                     cmake                    cmake
make                      make                     make
mvn                       maven                    maven
protoc                    protobuf-compiler        protobuf-compiler
readelf                   binutils                 binutils
git                       git                      git
dot                       graphviz                 graphviz
java                      openjdk-17-jdk-headless  java-17-openjdk-devel
python                    python3-venv             python3.11
google/protobuf/message.h libprotobuf-dev          protobuf-devel
turbojpeg.h               libturbojpeg0-dev        turbojpeg-devel
png.h                     libpng-dev               libpng-devel
lmdb.h                    liblmdb-dev              lmdb-devel
leveldb/db.h              libleveldb-dev           leveldb-devel
gtest/gtest.h             libgtest-dev             gtest-devel
zlib.h                    zlib1g-dev               zlib-devel
"

# What dnf does not find without being told of other repositories.
readonly DNF_ADVICE="
What dnf does not find there:
  RHEL 9 and its kin    lmdb-devel, leveldb-devel, gtest-devel, turbojpeg-devel and protobuf-devel are in
                        the repositories CRB and EPEL: sudo dnf config-manager --set-enabled crb
                        and sudo dnf install epel-release
  Amazon Linux 2023     its Java is java-17-amazon-corretto-devel; what it has no package of (it has no
                        EPEL) is built from its sources
  Fedora 42 and newer   have no Java 17: https://adoptium.net has one
SparkNet is built and tested with apt alone. To use it, no build is needed: pip takes its wheel."

# Where compilers look for headers by themselves.
header_folders=(/usr/include /usr/local/include)

has_header() {
  local folder
  for folder in "${header_folders[@]}"; do
    if [[ -f "$folder/$1" ]]; then return; fi
  done
  return 1
}

has_need() {
  case "$1" in
    java) find_java ;;
    python) find_python >/dev/null ;;
    fuzzer) has_fuzzer ;;
    browser) has_browser ;;
    */* | *.*) has_header "$1" ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# missing_needs [TABLE]: the lines of the table (NEEDS) whose first word is not here.
missing_needs() {
  local need packages
  while read -r need packages; do
    [[ -z "$need" ]] || has_need "$need" || printf '%s %s\n' "$need" "$packages"
  done <<<"${1:-$NEEDS}"
}

# In words, for who has to find packages alone.
need_in_words() {
  case "$1" in
    java) printf 'a JDK 17, with javac (JAVA_HOME names it)\n' ;;
    python) printf 'Python 3.9 to 3.12 with venv (SPARKNET_PYTHON names it)\n' ;;
    fuzzer) printf 'the command clang++, with libFuzzer\n' ;;
    browser) printf 'one of the commands %s\n' "${BROWSERS[*]}" ;;
    */* | *.*) printf 'the header %s\n' "$1" ;;
    *) printf 'the command %s\n' "$1" ;;
  esac
}

# name_missing LINES: tells how to get what the lines of `missing_needs` name.
name_missing() {
  local need apt dnf words=() apts=() dnfs=()
  while read -r need apt dnf; do
    words+=("$(need_in_words "$need")")
    # Commas stand between several packages of one need.
    apts+=("${apt//,/ }")
    dnfs+=("${dnf//,/ }")
  done <<<"$1"
  say "SparkNet needs packages that are not here. Install them, then run this again:"
  if command -v apt-get >/dev/null; then
    say "  sudo apt-get update && sudo apt-get install -y ${apts[*]}"
  elif command -v dnf >/dev/null; then
    say "  sudo dnf install ${dnfs[*]}"
    say "$DNF_ADVICE"
  else
    printf '  %s\n' "${words[@]}"
    say "There is neither apt nor dnf here, whose names of the packages SparkNet knows."
  fi
}

install_packages() {
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# ask_for_needs [TABLE]: ends with what is missing of the table (NEEDS), if anything is.
ask_for_needs() {
  local missing
  missing="$(missing_needs "$@")"
  [[ -n "$missing" ]] || return 0
  name_missing "$missing" >&2
  exit 1
}

# require_needs [TABLE]: installs with apt what is missing of the table (NEEDS), or says what that is.
require_needs() {
  local missing need apt names packages=()
  missing="$(missing_needs "$@")"
  [[ -n "$missing" ]] || return 0
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then ask_for_needs "$@"; fi
  while read -r need apt _; do
    IFS=, read -ra names <<<"$apt"
    packages+=("${names[@]}")
  done <<<"$missing"
  logged system install_packages "${packages[@]}"
  missing="$(missing_needs "$@")"
  [[ -z "$missing" ]] || fail "still missing after apt-get: $(name_missing "$missing")"
}

readonly BROWSERS=(chromium-headless-shell chromium google-chrome)

has_browser() {
  local name
  for name in "${BROWSERS[@]}"; do
    if command -v "$name" >/dev/null; then return; fi
  done
  return 1
}

# Of the distribution's clang: the runtime's package is named after it.
clang_version() {
  LC_ALL=C apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1
}

browser_needs() { printf 'browser chromium-headless-shell chromium-headless\n'; }
ec2_needs() { printf 'sshd openssh-server openssh-server\nip iproute2 iproute\n'; }
fuzz_needs() { printf 'fuzzer clang,libclang-rt-%s-dev clang,compiler-rt\n' "$(clang_version)"; }

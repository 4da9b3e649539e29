#!/usr/bin/env bash
# Fetches CIFAR-10 in its binary layout into the folder of this script:
# data_batch_1.bin .. data_batch_5.bin, test_batch.bin and batches.meta.txt.
#
# usage: get_cifar10.sh        (no arguments; works from any directory)
#
#   CIFAR10_ARCHIVE  use this .tar.gz instead of downloading; names and sizes are checked, not the MD5
#   CIFAR10_URL      download from here instead of the data set's home
#   CIFAR10_MD5      the MD5 that the download must have (default: the published archive's)
#
# All or nothing: the archive is unpacked and checked in a temporary folder next to the target and
# moved into place last, so a failure or Ctrl-C leaves no half-written file.
# Exit status: 0 data is there, 1 archive not obtained, 2 usage or environment, 3 archive is wrong.
set -euo pipefail

readonly url="${CIFAR10_URL:-https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz}"
readonly md5="${CIFAR10_MD5:-c32a1d4ab5d03f1284b67883e8d87530}"
readonly folder=cifar-10-batches-bin # inside the archive
readonly batches=(data_batch_{1..5}.bin test_batch.bin)
readonly names=batches.meta.txt
readonly batch_bytes=30730000 # 10,000 records of 1 label byte and 3 x 32 x 32 pixel bytes
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
readonly here
temporary=""
child=""

fail() { # STATUS MESSAGE...
  local status="$1"
  shift
  printf 'get_cifar10.sh: %s\n' "$@" >&2
  exit "$status"
}

# Signals: end the running command first, or it would go on writing into the removed folder.
clean_up() {
  if [[ -n "$child" ]] && kill "$child" 2>/dev/null; then wait "$child" 2>/dev/null || true; fi
  if [[ -n "$temporary" ]]; then rm -rf -- "$temporary"; fi
}
trap clean_up EXIT
trap 'echo "get_cifar10.sh: interrupted; nothing was changed." >&2; exit 130' INT
trap 'exit 143' TERM HUP

# Runs a long command so that a signal to this script alone is acted on at once, not at its end.
run() {
  "$@" &
  child=$!
  local status=0
  wait "$child" || status=$?
  child=""
  return "$status"
}

# Prints what is wrong with the seven files in a folder, one line each; nothing if all is well.
faults() { # FOLDER
  local name size
  for name in "${batches[@]}"; do
    if [[ ! -f "$1/$name" ]]; then
      echo "$name is missing"
    else
      size="$(wc -c <"$1/$name")"
      ((size == batch_bytes)) || echo "$name has $((size)) bytes instead of $batch_bytes"
    fi
  done
  if [[ ! -f "$1/$names" ]]; then
    echo "$names is missing"
  elif [[ ! -s "$1/$names" ]]; then
    echo "$names is empty"
  fi
}

download() { # TARGET
  if command -v curl >/dev/null; then
    local look=(--silent --show-error)
    if [[ -t 2 ]]; then look=(--progress-bar); fi
    run curl --fail --location --connect-timeout 30 --retry 2 "${look[@]}" --output "$1" "$url"
  elif command -v wget >/dev/null; then
    local look=(--no-verbose)
    if [[ -t 2 ]]; then look=(--quiet --show-progress); fi
    run wget --timeout=30 --tries=3 "${look[@]}" --output-document="$1" "$url"
  else
    fail 2 "neither curl nor wget is installed; install one, or name an archive in CIFAR10_ARCHIVE."
  fi
}

md5_of() { # FILE
  if command -v md5sum >/dev/null; then
    md5sum <"$1" | cut -d' ' -f1
  elif command -v md5 >/dev/null; then
    md5 -q "$1"
  else
    fail 2 "neither md5sum nor md5 is installed; the download cannot be checked."
  fi
}

obtain() { # sets $archive
  if [[ -n "${CIFAR10_ARCHIVE:-}" ]]; then
    archive="$CIFAR10_ARCHIVE"
    if [[ ! -f "$archive" || ! -r "$archive" ]]; then
      fail 1 "CIFAR10_ARCHIVE names '$archive', which is not a readable file."
    fi
    return
  fi
  archive="$temporary/archive.tar.gz"
  echo "Downloading $url (about 170 MB) ..."
  download "$archive" || fail 1 "the download of $url failed." \
    "Try again, or fetch the archive by other means and name it in CIFAR10_ARCHIVE."
  local found
  found="$(md5_of "$archive")"
  [[ "$found" == "$md5" ]] || fail 3 "the download of $url is broken:" \
    "its MD5 is $found instead of $md5. Nothing was changed; try again."
}

main() {
  (($# == 0)) || fail 2 "takes no arguments; see the comment at the top of this file."
  if [[ -z "$(faults "$here")" ]]; then
    echo "CIFAR-10 is already in $here. To fetch it anew, delete its .bin files first."
    return
  fi
  temporary="$(mktemp -d "$here/.get_cifar10.XXXXXX")" || fail 2 "cannot write to $here."
  obtain

  echo "Unpacking ..."
  local unpacked="$temporary/unpacked" problems name
  mkdir "$unpacked"
  run tar --no-same-owner -xzf "$archive" -C "$unpacked" 2>"$temporary/tar.log" || fail 3 \
    "cannot unpack $archive: it is cut short or not a gzip tar archive. Nothing was changed." \
    "tar says: $(grep -m 1 . "$temporary/tar.log" || echo nothing)"
  problems="$(faults "$unpacked/$folder")"
  [[ -z "$problems" ]] || fail 3 \
    "$archive is not CIFAR-10 in its binary layout. Nothing was changed. In its $folder/:" \
    "${problems//$'\n'/; }"

  for name in "${batches[@]}" "$names"; do
    [[ ! -d "$here/$name" ]] || fail 2 "$here/$name is a folder and in the way; remove it."
  done
  # Renames within one file system: too short to be worth stopping half-way.
  trap '' INT TERM HUP
  for name in "${batches[@]}" "$names"; do
    mv -f -- "$unpacked/$folder/$name" "$here/$name"
  done
  echo "CIFAR-10 is in $here: 50,000 training and 10,000 test images."
}

main "$@"

# shellcheck shell=bash
# Spark, in /opt/spark.
readonly SPARK=/opt/spark

require_spark() {
  local archive=/opt/spark.part found
  [[ "$(cat "$SPARK/.sha512" 2>/dev/null)" != "$SPARK_SHA512" ]] || return 0
  command -v curl >/dev/null || install_package curl curl
  mkdir -p /opt
  rm -rf "$archive" "$SPARK.new"
  attempt "fetching $SPARK_URL" curl --fail --silent --show-error --location --connect-timeout 30 \
    --retry 3 --retry-connrefused --output "$archive" "$SPARK_URL"
  found="$(sha512sum <"$archive" | cut -d ' ' -f 1)"
  if [[ "$found" != "$SPARK_SHA512" ]]; then
    rm -f "$archive"
    fail "$SPARK_URL has the SHA-512 $found, and should have $SPARK_SHA512"
  fi
  mkdir "$SPARK.new"
  attempt "unpacking $SPARK_URL" tar --no-same-owner --strip-components 1 -xf "$archive" -C "$SPARK.new"
  [[ -x "$SPARK.new/bin/spark-class" ]] || fail "$SPARK_URL has no bin/spark-class: it is no Spark"
  printf '%s\n' "$SPARK_SHA512" >"$SPARK.new/.sha512"
  rm -rf "$archive" "$SPARK"
  mv "$SPARK.new" "$SPARK"
}

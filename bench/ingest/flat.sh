#!/bin/sh
# Peak memory of CSV -> Parquet at --memory-limit 256MiB for 1, 2, 4 and TIMES times the same rows:
# it is to stay the same. TIMES=10 needs 11 times the file's size of free space.
# usage: bench/ingest/flat.sh FILE.csv [TIMES]   (from the repository root, after npm run build)
set -eu
file=$1
most=${2:-4}
out=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$out"' EXIT
cp "$file" "$out/in.csv"
count=1
while :; do
  case $count in
    1 | 2 | 4 | "$most")
      /usr/bin/time -f "$count times: %e s wall, %U s user, %S s system, %M KiB" \
        bin/nairobi ingest "$out/in.csv" -o "$out/out.parquet" --quiet --memory-limit 256MiB
      ;;
  esac
  [ "$count" -lt "$most" ] || break
  tail -n +2 "$file" >> "$out/in.csv"
  count=$((count + 1))
done

#!/bin/sh
# Resuming over a log of FILE.csv's size that grew by 1 MB: wall, CPU and bytes read, ROUNDS times.
# usage: bench/ingest/resume.sh FILE.csv [ROUNDS]   (from the repository root, after npm run build)
set -eu
file=$1
rounds=${2:-5}
out=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$out"' EXIT
uname -rm
head -n 1 "$file" > "$out/head"
tail -c 1000000 "$file" | tail -n +2 > "$out/more"
cp "$file" "$out/log.csv"
bin/nairobi ingest "$out/log.csv" -o "$out/data/" --state "$out/state" --quiet
for round in $(seq "$rounds"); do
  cat "$out/more" >> "$out/log.csv"
  /usr/bin/time -f "grown by 1 MB: %e s wall, %U s user, %S s system, %M KiB" \
    bin/nairobi ingest "$out/log.csv" -o "$out/data/" --state "$out/state" --quiet
  /usr/bin/time -f "nothing new: %e s wall, %U s user, %S s system, %M KiB" \
    bin/nairobi ingest "$out/log.csv" -o "$out/data/" --state "$out/state" --quiet
done
cat "$out/more" >> "$out/log.csv"
bin/nairobi ingest "$out/log.csv" -o "$out/data/" --state "$out/state" --quiet --report 2>&1 |
  grep -iE 'read|bytes' || true

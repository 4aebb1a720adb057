#!/bin/sh
# CSV -> Parquet (zstd), interleaved with DuckDB's COPY: wall, CPU and peak memory of each.
# usage: bench/ingest/copy.sh FILE.csv [ROUNDS]   (from the repository root, after npm run build)
set -eu
file=$1
rounds=${2:-3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
uname -rm
for round in $(seq "$rounds"); do
  for memory in "" "--memory-limit 256MiB"; do
    /usr/bin/time -f "nairobi $memory: %e s wall, %U s user, %S s system, %M KiB" \
      bin/nairobi ingest "$file" -o "$out/nairobi.parquet" --quiet $memory
  done
  /usr/bin/time -f 'duckdb: %e s wall, %U s user, %S s system, %M KiB' \
    node bench/ingest/duckdb-copy.mjs "$file" "$out/duckdb.parquet"
done
ls -l "$out"

#!/bin/sh
# CSV or NDJSON -> Parquet (zstd), interleaved with DuckDB's COPY: wall, CPU, peak memory and size of each,
# and the ratios of their sums.
# usage: bench/ingest/copy.sh [FILE.csv|FILE.ndjson] [ROUNDS]   (from the repository root, after npm run build)
# Without a file 1 GB is made: 8.6 million rows of 15 columns.
set -eu
out=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$out"' EXIT
file=${1:-}
rounds=${2:-3}
if [ -z "$file" ]; then
  file=$out/in.csv
  node bench/ingest/generate.ts "$file" 8600000
fi
timed() {
  label=$1
  shift
  /usr/bin/time -a -o "$out/times" -f "$label %e %U %S %M" "$@"
}
uname -rm
for round in $(seq "$rounds"); do
  timed nairobi bin/nairobi ingest "$file" -o "$out/nairobi.parquet" --quiet
  timed nairobi-256MiB bin/nairobi ingest "$file" -o "$out/nairobi.parquet" --quiet \
    --memory-limit 256MiB
  timed duckdb node bench/ingest/duckdb-copy.mjs "$file" "$out/duckdb.parquet"
done
awk '{ printf "%s: %s s wall, %.2f s CPU, %d MiB\n", $1, $2, $3 + $4, $5 / 1024
       wall[$1] += $2; cpu[$1] += $3 + $4 }
     END { for (n in wall) if (n != "duckdb")
       printf "%s / duckdb: wall %.2f, CPU %.2f\n", n, wall[n] / wall["duckdb"], cpu[n] / cpu["duckdb"] }' "$out/times"
wc -c "$out/nairobi.parquet" "$out/duckdb.parquet" | head -n 2

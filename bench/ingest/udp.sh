#!/bin/sh
# Datagrams over loopback: sent, dropped by the kernel (its own counter), rows in the dataset, and
# what ingest says. usage: bench/ingest/udp.sh [RATE] [SECONDS]   (from the repository root, built)
set -eu
rate=${1:-200000}
seconds=${2:-10}
port=19999
out=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
pid=
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$out"' EXIT
cc -O2 -o "$out/udp-flood" bench/ingest/udp-flood.c
drops() { awk '/^Udp: [0-9]/ { print $6 }' /proc/net/snmp; }
uname -rm
echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
/usr/bin/time -o "$out/time" -f "ingest: %U s user, %S s system, %M KiB" \
  bin/nairobi ingest udp://127.0.0.1:$port --input-format influx -o "$out/data/" --flush 2s \
  2> "$out/said" &
until grep -q listening "$out/said"; do sleep 0.1; done
pid=$(ss -lunp "sport = :$port" | sed -n 's/.*pid=\([0-9]*\).*/\1/p')
before=$(drops)
echo "sent: $("$out/udp-flood" $port "$rate" "$seconds")"
sleep 3
kill -TERM "$pid"
wait || true
echo "receive buffer errors of the host: $(($(drops) - before))"
cat "$out/said" "$out/time"
echo "rows: $(bin/nairobi query "select count(*) from '$out/data/'" | tail -n 1)"

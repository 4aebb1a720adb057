"""`df.temp.mean()` from Python on a dataset in memory, end to end, and that nothing is left behind.

    NAIROBI_SOCKET=... python3 bench/serve/mean.py FILE [CALLS]

FILE is made by bench/generate.mjs. Prints one line of JSON: milliseconds of a call, and descriptors
and memory of both processes before and after 10,000 small calls.
"""

import json
import math
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
import nairobi_os as nb  # noqa: E402


def state(pid):
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith("Rss")}
    return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "anonMiB": round(kib["RssAnon"] / 1024, 1)}


def own(address, size):
    """Of the mapping at this address, what is this process's alone, and its inode."""
    here = None
    found = {}
    for line in Path("/proc/self/smaps").read_text().splitlines():
        word = line.split()[0]
        if "-" in word:
            low, high = (int(part, 16) for part in word.split("-"))
            here = low <= address < high
            if here:
                found["inode"] = int(line.split()[4])
        elif here and word in ("Private_Dirty:", "Private_Clean:", "Shared_Clean:", "Shared_Dirty:", "Rss:"):
            found[word[:-1]] = int(line.split()[1])
    return found


df = nb.read_csv(sys.argv[1])
calls = int(sys.argv[2]) if len(sys.argv) > 2 else 50
pid = int(nb.ignite().call("Status")[0]["pid"])
mean = df.temp.mean()
times = []
for _ in range(calls):
    start = time.perf_counter()
    assert math.isclose(df.temp.mean(), mean, rel_tol=1e-12)
    times.append((time.perf_counter() - start) * 1000)
times.sort()

values = df.temp.view()
parts = [chunk.numbers() for chunk in df._arrow().chunks("temp")] if values is None else [values]
before = state(os.getpid())
total = sum(sum(part[::512]) for part in parts)  # one value of each page
after = state(os.getpid())
theirs = {os.stat(f"/proc/{pid}/fd/{fd}").st_ino for fd in os.listdir(f"/proc/{pid}/fd")}
mapped = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if "memfd:nairobi" in line]
smaps = own(int(mapped[0][0].split("-")[0], 16), 0)

small = nb.read_csv(b"a,b\n1,2\n3,4\n", name="small.csv")
small.a.mean()
for _ in range(500):
    small.query("select a from data").a.view()
calls_before = {"client": state(os.getpid()), "daemon": state(pid)}
for _ in range(5_000):
    small.a.mean()
    small.query("select a from data").a.view()
calls_after = {"client": state(os.getpid()), "daemon": state(pid)}

print(json.dumps({
    "bench": "serve/mean", "bytes": os.stat(sys.argv[1]).st_size, "rows": len(df), "unit": "ms",
    "mean": {"n": calls, "p50": round(times[calls // 2], 2), "p99": round(times[int(calls * 0.99)], 2), "min": round(times[0], 2)},
    "mapped": {**smaps, "inodeIsTheDaemons": smaps["inode"] in theirs, "anonMiB": [before["anonMiB"], after["anonMiB"]], "pagesLookedAt": total is not None},
    "tenThousandCalls": {"before": calls_before, "after": calls_after},
}))

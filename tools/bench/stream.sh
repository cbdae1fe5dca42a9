#!/usr/bin/env bash
# Hunts in a generated stream of any size and prints records, bytes, seconds and peak memory.
#
#   tools/bench/stream.sh BYTES [FOLDER]
#
# BYTES of log come through a pipe, so nothing of them lies on a disk. FOLDER holds `lapwing` and `examples/log`
# (target/release by default). INDICATORS=FILE gives another list than the one that is made here (a million addresses and
# names), JOBS=N other threads than one a core.
set -euo pipefail

bytes=${1:?how many bytes of log}
built=${2:-target/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

indicators=${INDICATORS:-$work/indicators.txt}
if [ -z "${INDICATORS:-}" ]; then
  awk 'BEGIN {
    srand(7)
    for (n = 0; n < 600000; n++)
      printf "%d.%d.%d.%d\n", 11 + rand() * 180, rand() * 256, rand() * 256, 1 + rand() * 254
    for (n = 0; n < 400000; n++)
      printf "host%08x.example%d.net\n", rand() * 4294967296, n % 97
  }' > "$indicators"
fi
"$built/lapwing" --store "$work/store" compile --indicators "$indicators" -o "$work/indicators.matcher" >&2

# The peak of all processes that were waited for is the hunt's: the generator needs a few megabytes.
cat > "$work/run.py" <<'PY'
import json, os, resource, subprocess, sys, time

bytes_, built, matcher, jobs = sys.argv[1:5]
start = time.monotonic()
log = subprocess.Popen([f"{built}/examples/log", bytes_], stdout=subprocess.PIPE)
command = [f"{built}/lapwing", "hunt", "--indicators", matcher, "--json", "/dev/stdin"]
command += ["--jobs", jobs] if jobs else []
hunt = subprocess.Popen(command, stdin=log.stdout, stdout=subprocess.PIPE, text=True)
log.stdout.close()
findings, verdict = 0, {}
for line in hunt.stdout:
    found = json.loads(line)
    if "verdict" in found:
        verdict = found
    else:
        findings += 1
code, made = hunt.wait(), log.wait()
seconds = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
read = sum(row["bytes"] for row in verdict["looked_at"])
records = sum(row["records"] for row in verdict["looked_at"])
print(f"records   {records:,}")
print(f"bytes     {read:,} of {int(bytes_):,} asked for")
print(f"findings  {findings:,}, verdict {verdict['verdict']}, exit codes {code} and {made} of the generator")
print(f"seconds   {seconds:.1f} by the clock ({read / seconds / 1e9:.2f} GB/s), {used.ru_utime + used.ru_stime:.1f} of processor time, the generator's included")
print(f"memory    {used.ru_maxrss / 1024:.0f} MB at most")
PY

python3 "$work/run.py" "$bytes" "$built" "$work/indicators.matcher" "${JOBS:-}"

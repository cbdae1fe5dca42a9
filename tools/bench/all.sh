#!/usr/bin/env bash
# Runs the benchmarks of docs/benchmarks.md that need no corpus, one after the other, and prints what they print.
#
#   cargo build --release --workspace --bins --examples
#   tools/bench/all.sh [WORK] [FOLDER]
#
# WORK takes what is made (about 2 GB; a temporary folder by default), FOLDER holds the built programs (target/release
# by default). Some twenty minutes on two cores. Before each part the load of the machine is told: above 1 somebody else
# is at work, and rates by the clock say nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=${1:-$(mktemp -d)}
built=${2:-target/release}
mkdir -p "$work"

part() { printf '\n## %s (load %s)\n\n' "$1" "$(cut -d' ' -f1 /proc/loadavg)"; }

part "matcher and hunt: examples/bench 512 100 10000 1000000 10000000 --no-peers"
"$built/examples/bench" 512 100 10000 1000000 10000000 --no-peers

part "a store of a million indicators: tools/bench/store.py --indicators 1000000 --events 2000"
tools/bench/store.py --indicators 1000000 --events 2000 --built "$built" --keep "$work/million"

part "each page over it: tools/bench/serve.py --rounds 5"
tools/bench/serve.py --store "$work/million/store.db" --built "$built" --rounds 5 || true

part "100 MISP events of 500 attributes, added: examples/add"
mkdir -p "$work/events"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tools/bench python3 - "$work/events" <<'PY'
import json, pathlib, random, sys
from store import event

numbers = random.Random(20210302)
for number in range(100):
    pathlib.Path(sys.argv[1], f"event-{number:06}.json").write_text(json.dumps(event(number, 500, numbers)))
PY
for _ in 1 2 3; do
  rm -f "$work"/adding.db*
  "$built/examples/add" "$work/adding.db" "$work/events"
done

part "one more report: examples/grow, 5,000 documents of 100 claims"
rm -f "$work"/grown.db*
"$built/examples/grow" "$work/grown.db" 5000

part "a stream: tools/bench/stream.sh 5000000000"
tools/bench/stream.sh 5000000000 "$built"

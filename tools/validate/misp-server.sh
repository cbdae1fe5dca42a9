#!/usr/bin/env bash
# Starts `lapwing serve` on the example reports, with an admin and a key of theirs, and runs a script of this folder
# with PyMISP against it: `KEY` is the key, its argument the address.
#
#   tools/validate/misp-server.sh SCRIPT [LAPWING]
set -euo pipefail
cd "$(dirname "$0")/../.."
script=$1
lapwing=${2:-target/release/lapwing}
[ -x "$lapwing" ] || { echo "$lapwing: no such binary" >&2; exit 2; }
venv=${VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/lapwing/validate-pymisp}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check 'pymisp==2.5.*' >&2
fi
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
store="$work/store.db"
"$lapwing" -q --store "$store" add examples/exchange-2021/reports >/dev/null
printf 'correct horse battery\n' | "$lapwing" -q --store "$store" users add admin --role admin --tlp red --password-stdin >/dev/null
key=$("$lapwing" --json --store "$store" keys add admin --name test --role admin --tlp red | sed -n 's/.*"key":"\([^"]*\)".*/\1/p')
port=$((20000 + RANDOM % 20000))
"$lapwing" --store "$store" serve --no-feeds --listen "127.0.0.1:$port" --rate 1000000 2>"$work/log" &
server=$!
for _ in $(seq 100); do curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break; sleep 0.1; done
KEY="$key" "$venv/bin/python" "tools/validate/$script" "http://127.0.0.1:$port"

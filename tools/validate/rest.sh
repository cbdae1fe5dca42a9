#!/usr/bin/env bash
# Asks the server what no person would: schemathesis (PyPI) makes requests from its OpenAPI document and compares each
# answer with what the document says, by all its checks. No 5xx, no answer of another shape.
#
#   tools/validate/rest.sh [EXAMPLES PER ROUTE]      (LAPWING: the binary; default 300 a route: 10,000 cases and more)
#
# The store has users, and the requests an admin's key, so that users, keys and log-ins are asked too. Left out are the
# streams, which do not end, and webhooks, which call elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
examples=${1:-300}
lapwing=${LAPWING:-target/release/lapwing}
[ -x "$lapwing" ] || { echo "$lapwing: no such binary; cargo build --release, or set LAPWING" >&2; exit 2; }
venv=${VENV:-${TMPDIR:-/tmp}/lapwing-schemathesis}
[ -x "$venv/bin/st" ] || { python3 -m venv "$venv" && "$venv/bin/pip" -q install 'schemathesis==4.*'; }
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
"$lapwing" -q --store "$work/store.db" add examples/exchange-2021 >/dev/null
printf 'correct horse battery\n' | "$lapwing" -q --store "$work/store.db" users add root --role admin --tlp red --password-stdin >/dev/null
key=$("$lapwing" --json --store "$work/store.db" keys add root --name test --role admin --tlp red | sed -n 's/.*"key":"\([^"]*\)".*/\1/p')
port=$((20000 + RANDOM % 20000))
"$lapwing" --store "$work/store.db" serve --listen "127.0.0.1:$port" --rate 1000000 2>"$work/log" &
server=$!
for _ in $(seq 100); do curl -sf "http://127.0.0.1:$port/readyz" >/dev/null && break; sleep 0.1; done
# Whatever bytes stand in a part of a form are a file: none is of a wrong type.
cat >"$work/schemathesis.toml" <<'TOML'
[[operations]]
include-name = "POST /api/v1/documents"
checks.negative_data_rejection.enabled = false
TOML
status=0
"$venv/bin/st" --config-file "$work/schemathesis.toml" run "http://127.0.0.1:$port/api/openapi.json" --header "Authorization: Bearer $key" \
  --checks all --exclude-checks "${EXCLUDE:-positive_data_acceptance}" --exclude-path-regex '/events$|/webhooks' --phases examples,coverage,fuzzing \
  --max-examples "$examples" --generation-deterministic --no-shrink --continue-on-failure --workers 1 --request-timeout 60 --no-color || status=$?
echo "log lines with errors: $(grep -c ERROR "$work/log" || true)"
grep ERROR "$work/log" | head -5 || true
exit $status

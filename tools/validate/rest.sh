#!/usr/bin/env bash
# Asks the server what no person would: schemathesis (PyPI) makes requests from its OpenAPI document and compares each
# answer with what the document says, by all its checks. No 5xx, no answer of another shape.
#
#   tools/validate/rest.sh [EXAMPLES PER ROUTE]      (LAPWING: the binary; default 300 a route: 10,000 cases and more)
#
# The store has users, and the requests an admin's key, so that users, keys and log-ins are asked too; before that a tenth as many
# with the key of each other role. Names, values and identifiers that are there stand among what is made up, so that the
# requests get past 404. Left out are the streams, which do not end, and webhooks, which call elsewhere.
set -euo pipefail
cd "$(dirname "$0")/../.."
examples=${1:-300}
lapwing=${LAPWING:-target/release/lapwing}
[ -x "$lapwing" ] || { echo "$lapwing: no such binary; cargo build --release, or set LAPWING" >&2; exit 2; }
venv=${VENV:-${TMPDIR:-/tmp}/lapwing-schemathesis}
[ -x "$venv/bin/st" ] || { python3 -m venv "$venv" && "$venv/bin/pip" -q install 'schemathesis==4.*'; }
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
run() { "$lapwing" -q --store "$work/store.db" "$@"; }
run add examples/exchange-2021 >/dev/null
mkdir "$work/logs" "$work/drop"
printf '2021-03-03T04:05:06Z 103.77.192.219 POST /owa/auth/logon.aspx 200\n' >"$work/logs/access.log"
run feeds add "$work/drop" --name drop >/dev/null
printf 'correct horse battery\n' >"$work/password"
for role in admin analyst publisher feed reader; do
  run users add "$role" --role $role --tlp red --password-stdin <"$work/password" >/dev/null
done
run users add sam --role reader --tlp green --password-stdin <"$work/password" >/dev/null
key() { run --json keys add "$1" --name test --role "$1" --tlp "${2:-red}" | sed -n 's/.*"key":"\([^"]*\)".*/\1/p'; }
admin=$(key admin)
port=$((20000 + RANDOM % 20000))
at="http://127.0.0.1:$port"
"$lapwing" --store "$work/store.db" serve --listen "127.0.0.1:$port" --rate 1000000 --hunt-root "$work/logs" 2>"$work/log" &
server=$!
for _ in $(seq 100); do curl -sf "$at/readyz" >/dev/null && break; sleep 0.1; done
ask() { curl -sf -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' "$at$1" "${@:2}"; }
document=$(ask '/api/v1/documents?limit=1' | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p')
claim=$(ask "/api/v1/documents/$document" | grep -o '"id":"[0-9a-f]\{32\}"' | tail -n 1 | sed 's/.*:"\(.*\)"/\1/')
hunt=$(ask /api/v1/hunts -d '{"paths":["access.log"]}' | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
minted=$(ask '/api/v1/minted-clusters?limit=1' | sed -n 's/.*"name":"\([^"]*\)".*/\1/p')
cat >"$work/schemathesis.toml" <<TOML
[dictionaries]
known = { values = ["HAFNIUM", "Hafnium", "China Chopper", "UNC2639", "CVE-2021-26855", "T1190", "103.77.192.219",
  "threat-actor", "malware", "ipv4-addr", "vulnerability", "$document", "${minted:-UNC2640}", "2021-03-05", "TLP:GREEN",
  "role", "indicator", "uses", "benign", "active", "stix", "csv", "misp", "reject", "confirm", "add", "merge", "split", "access.log"] }
ids = { values = ["$document"] }
claims = { values = ["${claim:-$document}"] }
hunts = { values = ["$hunt"] }
feeds = { values = ["drop"] }
users = { values = ["sam"] }
minted = { values = ["${minted:-UNC2640}"] }
changes = { values = [1, 2, 3, 40] }

[generation.dictionaries]
string = { dictionary = "known", probability = 0.3 }
$(bind() { for path in "${@:4}"; do printf '[[operations]]\ninclude-path = "%s"\nparameters."%s" = { dictionary = "%s", probability = %s }\n\n' "$path" "$1" "$2" "$3"; done; }
bind path.id ids 0.7 '/api/v1/documents/{id}' '/api/v1/documents/{id}/raw' '/api/v1/documents/{id}/origin'
bind path.id hunts 0.7 '/api/v1/hunts/{id}' '/api/v1/hunts/{id}/export' '/api/v1/hunts/{id}/findings' '/api/v1/hunts/{id}/groups'
bind path.name feeds 0.5 '/api/v1/feeds/{name}' '/api/v1/feeds/{name}/pause' '/api/v1/feeds/{name}/pull' '/api/v1/feeds/{name}/resume'
bind path.name users 0.5 '/api/v1/users/{name}'
bind path.name minted 0.7 '/api/v1/minted-clusters/{name}'
bind path.change changes 0.7 '/api/v1/history/{change}' '/api/v1/history/{change}/undo'
bind body.claim claims 0.5 '/api/v1/claims')
TOML
status=0
asks() { # key, examples a route
  "$venv/bin/st" --config-file "$work/schemathesis.toml" run "$at/api/openapi.json" --header "Authorization: Bearer $1" \
    --checks all --exclude-checks "${EXCLUDE:-positive_data_acceptance}" --exclude-path-regex '/events$|/webhooks' \
    --phases examples,coverage,fuzzing --max-examples "$2" --generation-deterministic --no-shrink --continue-on-failure \
    --workers 1 --request-timeout 60 --no-color >"$work/said" 2>&1 || status=1
  sed -n '/FAILURES/,/WARNINGS/p;/^Test cases:/,/found/p' "$work/said"
  cases=$((cases + 10#0$(sed -n 's/^ *\([0-9,]*\) generated.*/\1/p' "$work/said" | tr -d ,)))
}
cases=0
# The admin last: his requests change users and keys as well.
for role in analyst publisher feed reader; do
  echo "as $role"
  asks "$(key "$role" amber)" $((examples / 10 + 1))
done
echo "as admin"
asks "$admin" "$examples"
echo "$cases cases"
echo "log lines with errors: $(grep -c ERROR "$work/log" || true)"
grep ERROR "$work/log" | head -5 || true
exit $status

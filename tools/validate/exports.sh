#!/usr/bin/env bash
# Exports corpora of reports and lets the tools of others judge what comes out.
#
#   tools/validate/exports.sh LAPWING FOLDER... > table.md
#   tools/validate/exports.sh LAPWING --shared FOLDER       every corpus of that folder, into docs/exports.md
#
# LAPWING is the binary; each FOLDER of reports becomes a store of its own and is exported as STIX 2.1, STIX 2.0, MISP
# events and a MISP feed. Validators come from PyPI, into a virtual environment (VENV names another place for it).
# STIX's validator is slow: of an export of more than MOST objects (default 20000) so many are shown to it, taken
# evenly; stix2 and PyMISP read all. The table tells both numbers.
set -euo pipefail

if [ $# -lt 2 ]; then
  sed -n '2,11s/^# \{0,1\}//p' "$0"
  exit 2
fi
lapwing=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
page=""
if [ "$1" = --shared ]; then
  shared=$(realpath "$2")
  corpora=$shared/corpora
  set -- "$shared/seeds" "$corpora"/hunting/exchange-{reports,indicators} \
    "$corpora"/fidelity/{openioc,volexity-csv,unit42-stix,misp-stix,stix-validator,stix1-samples,stix1-idioms} \
    "$corpora"/fidelity/stix1-elevator/idioms-{xml,json-2.0,json-2.1} \
    "$corpora"/fidelity/misp-events/{pymisp,rendered,eset} \
    "$corpora"/indicators/{talos,eset} "$corpora"/indicators/vuldb/{exchange-pages,pages} \
    "$corpora"/techniques/annoctr/text "$corpora"/techniques/tram2/mjson
  page="$here/../../docs/exports.md"
fi
venv=${VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/lapwing/validate-exports}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check \
    'stix2-validator==3.3.2' 'stix2==3.0.2' 'pymisp==2.5.34.4' >&2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LAPWING_TODAY=2026-11-01
table() {
  "$venv/bin/python" "$here/exports.py" --head
  for folder in "$@"; do
    name=$(basename "$(dirname "$folder")")/$(basename "$folder")
    store="$work/store.db"
    rm -f "$store"*
    # 3: parts of a corpus of broken files cannot be read; the rest is exported.
    "$lapwing" --store "$store" --quiet add "$folder" >/dev/null 2>"$work/add.err" || [ $? -eq 3 ]
    for format in stix stix2.0 misp misp-feed; do
      out="$work/out"
      rm -rf "$out"
      case $format in
        misp-feed) target="$out" ;;
        *) target="$out/export.json" ;;
      esac
      mkdir -p "$out"
      /usr/bin/env time -f '%e %M' -o "$work/time" \
        "$lapwing" --store "$store" --quiet export --as "$format" --tlp red --pap red --benign -o "$target" \
        --loss-report "$work/losses.jsonl"
      "$venv/bin/python" "$here/exports.py" --format "$format" --corpus "$name" --most "${MOST:-20000}" \
        --losses "$work/losses.jsonl" --time "$work/time" "$target" || echo failed >"$work/failed"
    done
  done
}
if [ -n "$page" ]; then
  table "$@" | tee "$work/table.md"
  # The table stands between two marks; what is around it is written by hand.
  "$venv/bin/python" - "$page" "$work/table.md" <<'PYTHON'
import sys

page, table = sys.argv[1:]
text, rows = open(page).read(), open(table).read()
head, rest = text.split("<!-- table -->\n", 1)
_, tail = rest.split("<!-- end of table -->\n", 1)
open(page, "w").write(f"{head}<!-- table -->\n{rows}<!-- end of table -->\n{tail}")
PYTHON
else
  table "$@"
fi
[ ! -e "$work/failed" ]

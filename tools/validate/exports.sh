#!/usr/bin/env bash
# Exports corpora of reports and lets the tools of others judge what comes out.
#
#   tools/validate/exports.sh LAPWING FOLDER... > table.md
#
# LAPWING is the binary; each FOLDER of reports becomes a store of its own and is exported as STIX 2.1, STIX 2.0, MISP
# events and a MISP feed. Validators come from PyPI, into a virtual environment (VENV names another place for it).
set -euo pipefail

if [ $# -lt 2 ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0"
  exit 2
fi
lapwing=$(realpath "$1")
shift
here=$(cd "$(dirname "$0")" && pwd)
venv=${VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/lapwing/validate-exports}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check \
    'stix2-validator==3.3.2' 'stix2==3.0.2' 'pymisp==2.5.34.4' >&2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LAPWING_TODAY=2026-11-01
"$venv/bin/python" "$here/exports.py" --head
status=0
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
      "$lapwing" --store "$store" --quiet export --as "$format" --tlp red --benign -o "$target" \
      --loss-report "$work/losses.jsonl"
    "$venv/bin/python" "$here/exports.py" --format "$format" --corpus "$name" \
      --losses "$work/losses.jsonl" --time "$work/time" "$target" || status=1
  done
done
exit $status

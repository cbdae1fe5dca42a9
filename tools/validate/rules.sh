#!/usr/bin/env bash
# Exports rules, lists, layers and pages of a store, and has the tools that take them read them.
#
#   tools/validate/rules.sh [REPORT...]     default: examples/exchange-2021/reports
#
# LAPWING names the binary (default: target/debug/lapwing), TODAY the day at which decay is read
# (default 2021-04-01), OUT the folder for the exports (default: a temporary one). sigma-cli and
# jsonschema come from PyPI into a virtual environment in the cache folder (VENV names another).
# Suricata is Debian's (bookworm: from bookworm-backports); what is not installed is skipped and
# said so. Ends with `N passed, N failed, N skipped`.
set -uo pipefail
cd "$(dirname "$0")/../.."
lapwing=${LAPWING:-target/debug/lapwing}
today=${TODAY:-2021-04-01}
out=${OUT:-$(mktemp -d)}
venv=${VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/lapwing-validate-rules}
reports=("$@")
[ ${#reports[@]} -gt 0 ] || reports=(examples/exchange-2021/reports)
passed=0 failed=0 skipped=0
row() { printf '%-10s %-34s %-7s %s\n' "$1" "$2" "$3" "${4:-}"; }
check() { # format, tool, command…
  local format=$1 tool=$2 said
  shift 2
  if said=$("$@" 2>&1); then
    passed=$((passed + 1)); row "$format" "$tool" ok "$(tail -n 1 <<<"$said" | cut -c1-110)"
  else
    failed=$((failed + 1)); row "$format" "$tool" FAILED; tail -n 8 <<<"$said"
  fi
}
skip() { skipped=$((skipped + 1)); row "$1" "$2" skipped "$3"; }

if [ ! -x "$venv/bin/sigma" ]; then
  python3 -m venv "$venv" && "$venv/bin/pip" install -q sigma-cli jsonschema yara-x >/dev/null 2>&1
fi
mkdir -p "$out"
store="$out/store.db"
rm -f "$store" "$store"-wal "$store"-shm
run() { LAPWING_TODAY=$today "$lapwing" --store "$store" "$@"; }
run -q add "${reports[@]}" || [ $? -eq 3 ] || exit 2
# What the layers and pages are of: two actors, or what else is named where there is none.
named() { for kind in actors malware tools vulnerabilities techniques; do run --json list $kind 2>/dev/null; done | sed -n 's/.*"value":"\([^"]*\)".*/\1/p' | sed -n "$1p"; }
name=${NAME:-$(named 1)}
other=${OTHER:-$(named 2)}
states=active,ageing,undated,expired
for format in csv suricata zeek sigma yara rpz list; do
  mkdir -p "$out/$format"
  check "$format" "lapwing export" run -q export --as $format --tlp red --pap red --status $states \
    -o "$out/$format/" --loss-report "$out/$format.losses"
done

if command -v suricata >/dev/null; then
  for rules in lapwing.rules lapwing-datasets.rules; do
    [ -e "$out/suricata/$rules" ] || continue
    check suricata "suricata -T $rules" sh -c \
      "cd '$out/suricata' && suricata -T -S $rules -l '$out' 2>&1 | tee '$out/$rules.said' && ! grep -E '^(Error|Warning)|(Error|Warning):' '$out/$rules.said'"
  done
else
  skip suricata "suricata -T" "Suricata is not installed"
fi
if [ -x "$venv/bin/sigma" ]; then
  # The validators of tags fetch ATT&CK and D3FEND from the network; a `?` of a URL is escaped on
  # purpose; TLP is that of version 2 (`tlp.clear`).
  check sigma "sigma check" "$venv/bin/sigma" check --fail-on-error --fail-on-issues \
    -x attacktag -x d3_fendtag -x escaped_wildcard -x tlpv1_tag "$out/sigma/lapwing.yml"
else
  skip sigma "sigma check" "sigma-cli could not be installed"
fi
if "$venv/bin/python" -c 'import yara_x' 2>/dev/null; then
  check yara "yara-x (PyPI)" "$venv/bin/python" -c '
import sys, yara_x
rules = yara_x.compile(open(sys.argv[1]).read())
print(sum(1 for _ in rules), "rules compiled")' "$out/yara/lapwing.yar"
else
  skip yara "yara-x (PyPI)" "yara-x could not be installed"
fi
if command -v named-checkzone >/dev/null; then
  check rpz "named-checkzone" named-checkzone -i none rpz.example "$out/rpz/lapwing.rpz"
else
  skip rpz "named-checkzone" "bind9-utils is not installed"
fi
check zeek "columns and types" "$venv/bin/python" tools/validate/zeek.py "$out/zeek/lapwing.intel"
check csv "Python's csv" python3 -c '
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert all(None not in row and None not in row.values() for row in rows)
print(len(rows), "rows of", len(rows[0]) if rows else 0, "columns")' "$out/csv/lapwing.csv"
if [ -n "$name" ]; then
check navigator "lapwing export" run -q export --as navigator --tlp red --pap red -o "$out/layer.json" "$name"
check navigator "schema of layer 4.5" "$venv/bin/python" tools/validate/layer.py "$out/layer.json"
if [ -n "$other" ]; then
  check navigator "two compared" run -q export --as navigator --tlp red --pap red -o "$out/two.json" "$name" "$other"
  check navigator "schema of layer 4.5" "$venv/bin/python" tools/validate/layer.py "$out/two.json"
fi
for format in md html pdf; do
  check $format "lapwing export" run -q export --as $format --tlp red --pap red -o "$out/page.$format" "$name"
done
if command -v pdftotext >/dev/null; then
  check pdf "pdftotext finds the name" sh -c "pdftotext -layout '$out/page.pdf' - | grep -F -m 1 -- '$name'"
else
  skip pdf pdftotext "poppler-utils is not installed"
fi
else
  skip pages "lapwing export" "nothing is named in these reports"
fi
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

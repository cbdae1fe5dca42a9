#!/usr/bin/env bash
# Makes the calls of PyMISP against `lapwing serve`, one by one, and judges what PyMISP makes of the answers.
#
#   tools/validate/pymisp.sh [LAPWING] > table.md
#
# LAPWING is the binary (default target/release/lapwing). PyMISP comes from PyPI into a virtual environment
# (VENV names another place). Ends with `N passed, N failed`.
set -euo pipefail
exec "$(dirname "$0")/misp-server.sh" pymisp.py "$@"

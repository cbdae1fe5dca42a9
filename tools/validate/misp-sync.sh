#!/usr/bin/env bash
# Does to `lapwing serve` what an instance of MISP does that has it as a server (test the connection, pull, pull
# again, push) and as a feed, and judges whether the copy that it has then is the same.
#
#   tools/validate/misp-sync.sh [LAPWING] > table.md
#
# LAPWING is the binary (default target/release/lapwing). PyMISP comes from PyPI into a virtual environment
# (VENV names another place). Ends with `N passed, N failed`.
set -euo pipefail
exec "$(dirname "$0")/misp-server.sh" misp_sync.py "$@"

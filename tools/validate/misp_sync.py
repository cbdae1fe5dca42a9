#!/usr/bin/env python3
"""Does to a server what an instance of MISP does that pulls from it, pushes to it, and has it as a feed.

    KEY=… misp_sync.py URL

A copy of the events is kept by the rules by which MISP keeps one: an event is fetched when it is not there or the
index tells a later time of it; of an event that is there an attribute or object is taken only when it is new or its
own time is later. After each change on the server the copy is pulled again, and must be the same as what the server
tells then; and nothing may be fetched of which nothing changed. Needs `requests` and `pymisp`.
"""
import hashlib, json, os, sys, time, uuid

# `pymisp.py` beside this file has the name of the library: its folder must not come first.
sys.path = [folder for folder in sys.path if folder != os.path.dirname(os.path.abspath(__file__))]

import requests  # noqa: E402
from pymisp import MISPEvent  # noqa: E402

URL = sys.argv[1].rstrip("/")
HEADERS = {"Authorization": os.environ["KEY"], "Accept": "application/json", "Content-Type": "application/json"}
VIEW = "/deleted[]:0/deleted[]:1/excludeGalaxy:1/includeEventCorrelations:0/includeFeedCorrelations:0/includeWarninglistHits:0/excludeLocalTags:1"
results = []


def call(method, path, body=None, expect=200, **headers):
    answer = requests.request(method, URL + path, data=None if body is None else json.dumps(body),
                              headers={**HEADERS, **headers}, timeout=60)
    assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
    return answer


def check(name):
    def run(test):
        try:
            told = test() or ""
            results.append((name, True, told))
        except Exception as error:  # each is told, and the next is tried
            results.append((name, False, f"{type(error).__name__}: {error}"))
    return run


def things(event):
    """Attributes and objects of an event, by identifier."""
    found = {}
    for attribute in event.get("Attribute", []):
        found[attribute["uuid"]] = attribute
    for one in event.get("Object", []):
        found[one["uuid"]] = {key: value for key, value in one.items() if key != "Attribute"}
        for attribute in one.get("Attribute", []):
            found[attribute["uuid"]] = attribute
    return found


def head(event):
    return {key: event[key] for key in ("uuid", "info", "date", "threat_level_id", "analysis", "published", "distribution")} | {
        "Tag": sorted(tag["name"] for tag in event.get("Tag", []))}


class Copy:
    """What the other instance holds."""

    def __init__(self):
        self.events, self.etag, self.index = {}, '""', []

    def take(self, event):
        known = self.events.get(event["uuid"])
        if known is None:
            self.events[event["uuid"]] = {"time": int(event["timestamp"]), "head": head(event), "things": things(event)}
            return
        # MISP refuses what is not younger, of the event as of all that stands in it.
        assert int(event["timestamp"]) > known["time"], "an event that is not younger was offered"
        known["time"], known["head"] = int(event["timestamp"]), head(event)
        for identifier, one in things(event).items():
            mine = known["things"].get(identifier)
            if mine is None or int(one["timestamp"]) > int(mine["timestamp"]):
                known["things"][identifier] = one

    def same_as(self, event):
        """Sightings are pulled for themselves, and what is gone is told by nothing."""
        known = self.events[event["uuid"]]
        assert known["head"] == head(event), (known["head"], head(event))
        theirs = things(event)
        for identifier, one in theirs.items():
            mine = known["things"].get(identifier)
            plain = lambda thing: {key: value for key, value in thing.items() if key not in ("Sighting", "timestamp")}
            assert mine is not None, f"{identifier} never came"
            assert plain(mine) == plain(one), f"kept {plain(mine)}, now {plain(one)}"


class Server(Copy):
    def pull(self):
        answer = requests.post(URL + "/events/index", json={"minimal": 1, "published": 1},
                               headers={**HEADERS, "If-None-Match": self.etag}, timeout=60)
        if answer.status_code == 304:
            return []
        assert answer.status_code == 200, answer.text[:300]
        self.etag, self.index = answer.headers["ETag"], answer.json()
        fetched = []
        for entry in reversed(self.index):
            known = self.events.get(entry["uuid"])
            if known and known["time"] >= int(entry["timestamp"]):
                continue
            event = call("GET", f"/events/view/{entry['uuid']}{VIEW}").json()["Event"]
            MISPEvent().load(json.loads(json.dumps({"Event": event})))
            assert int(event["timestamp"]) == int(entry["timestamp"]), "index and event tell two times"
            self.take(event)
            fetched.append(event["uuid"])
        return fetched

    def verify(self):
        assert {entry["uuid"] for entry in self.index} == set(self.events), "other events than the index"
        for identifier in self.events:
            self.same_as(call("GET", f"/events/view/{identifier}{VIEW}").json()["Event"])


class Feed(Copy):
    def __init__(self):
        super().__init__()
        self.tags = {}

    def get(self, name, expect=(200, 304)):
        headers = {**HEADERS, **({"If-None-Match": self.tags[name]} if name in self.tags else {})}
        answer = requests.get(f"{URL}/misp/feed/{name}", headers=headers, timeout=60)
        assert answer.status_code in expect, f"{name}: {answer.status_code}"
        self.tags[name] = answer.headers.get("ETag", "")
        return None if answer.status_code == 304 else answer

    def pull(self):
        answer = self.get("manifest.json")
        if answer is None:
            return []
        self.index = answer.json()
        fetched = []
        for identifier, entry in self.index.items():
            known = self.events.get(identifier)
            if known and known["time"] >= int(entry["timestamp"]):
                continue
            event = self.get(f"{identifier}.json", (200,)).json()["Event"]
            MISPEvent().load(json.loads(json.dumps({"Event": event})))
            assert event["uuid"] == identifier and int(event["timestamp"]) == int(entry["timestamp"])
            self.take(event)
            fetched.append(identifier)
        return fetched

    def verify(self):
        for identifier in self.index:
            self.tags.pop(f"{identifier}.json", None)
            self.same_as(self.get(f"{identifier}.json").json()["Event"])
        self.tags.pop("hashes.csv", None)
        lines = set(self.get("hashes.csv").text.split())
        for identifier in self.index:
            for one in self.events[identifier]["things"].values():
                if "value" in one and "|" not in one["type"]:
                    assert f"{hashlib.md5(one['value'].encode()).hexdigest()},{identifier}" in lines, one["value"]


OURS = "5b3f2a50-8f5a-4b0e-9c57-3d2f6c1e7a01"
WITHIN = "5b3f2a50-8f5a-4b0e-9c57-3d2f6c1e7a02"
SENT = {"Event": {
    "uuid": OURS, "info": "A wave of the spring", "date": "2021-03-05", "threat_level_id": "2", "analysis": "1",
    "distribution": "3", "published": False, "timestamp": "1614902400", "Tag": [{"name": "tlp:clear"}],
    "Attribute": [
        {"uuid": WITHIN, "type": "domain", "category": "Network activity", "value": "wave-of-spring.top", "to_ids": True, "timestamp": "1614902400"},
        {"type": "ip-dst", "category": "Network activity", "value": "45.77.9.77", "to_ids": True, "timestamp": "1614902400"}],
    "Object": [{"name": "file", "meta-category": "file", "Attribute": [
        {"type": "filename", "object_relation": "filename", "value": "wave.exe"},
        {"type": "sha256", "object_relation": "sha256", "value": "ab" * 32, "to_ids": True}]}]}}
server, feed = Server(), Feed()


def again(changed, absent=()):
    """After a change: just these events are fetched, by server and feed, and both copies are right."""
    told = []
    for copy in (server, feed):
        fetched = copy.pull()
        assert set(changed) <= set(fetched), f"{type(copy).__name__} was not told of {set(changed) - set(fetched)}"
        assert set(fetched) == set(changed), f"{type(copy).__name__} fetched {set(fetched) - set(changed)} for nothing"
        copy.verify()
        assert not copy.pull(), "again"
        told.append(str(len(fetched)))
    # Times are whole seconds.
    time.sleep(1.1)
    return f"{'/'.join(told)} fetched"


@check("test the connection")
def _():
    version = call("GET", "/servers/getVersion").json()
    assert version["version"].startswith("2.5") and version["perm_sync"] is True, version
    assert call("GET", "/users/view/me.json").json()["User"]["email"]
    text = "Hello! <>&\"äöü 漢字"
    echo = call("POST", "/servers/postTest", {"testString": text}).json()
    assert echo["body"]["testString"] == text and echo["headers"]["Content-type"] == "application/json", echo
    rules = call("GET", "/servers/getAvailableSyncFilteringRules").json()
    assert rules["organisations"] and rules["tags"]


@check("pull all")
def _():
    fetched = server.pull(), feed.pull()
    assert fetched[0] and set(fetched[0]) == set(fetched[1]), fetched
    server.verify(), feed.verify()
    assert server.pull() == [] and feed.pull() == []
    time.sleep(1.1)
    return f"{len(fetched[0])} events"


@check("pull what stands beside")
def _():
    assert call("GET", "/shadow_attributes/index/all:1/timestamp:1614902400/limit:1000/page:1/deleted[]:0/deleted[]:1.json").json() == []
    assert call("POST", "/galaxy_clusters/restSearch", {"minimal": 1, "published": 1, "custom": 1}).json()["response"] == []
    found = call("POST", "/sightings/restSearch/event", {"returnFormat": "json", "last": 0, "includeUuid": True, "uuid": list(server.events)})
    assert isinstance(found.json()["response"], list)


@check("the rules of a pull")
def _():
    index = lambda **rules: call("POST", "/events/index", {"minimal": 1, "published": 1, **rules}).json()
    everything = len(index())
    assert len(index(org=["Lapwing"])) == everything and index(org=["Somebody else"]) == []
    tag = call("GET", "/servers/getAvailableSyncFilteringRules").json()["tags"][0]
    some = len(index(tag=[tag]))
    assert some + len(index(tag=["!" + tag])) == everything, (some, everything)
    assert len(index(tag=f"{tag}|no:such")) == some and len(index(timestamp="1h")) == everything
    assert index(timestamp=["3000-01-01", "3001-01-01"]) == []


@check("an event that is not published is nobody's")
def _():
    call("POST", "/events/add", SENT)
    call("GET", f"/misp/feed/{OURS}.json", expect=404)
    return again([])


@check("published, it comes")
def _():
    call("POST", f"/events/publish/{OURS}")
    return again([OURS])


@check("a tag, another title, one attribute more, one changed")
def _():
    told = []
    call("POST", "/tags/attachTagToObject", {"uuid": OURS, "tag": "wave:spring"})
    told.append(again([OURS]))
    call("POST", "/tags/attachTagToObject", {"uuid": WITHIN, "tag": "wave:first"})
    told.append(again([OURS]))
    call("POST", f"/events/edit/{OURS}", {"Event": {"info": "A wave of the late spring"}})
    told.append(again([OURS]))
    call("POST", f"/attributes/add/{OURS}", {"type": "domain", "category": "Network activity", "value": "more-of-spring.top", "to_ids": True})
    told.append(again([OURS]))
    call("POST", f"/attributes/edit/{WITHIN}", {"comment": "seen first"})
    told.append(again([OURS]))
    return told[0]


@check("a value is judged a false positive, and the judgement taken back")
def _():
    event = call("GET", f"/events/view/{OURS}").json()["Event"]
    one = next(one for one in event["Attribute"] if one["value"] == "45.77.9.77")
    call("POST", "/sightings/add", {"value": one["value"], "type": "1"})
    again([OURS])
    kept = server.events[OURS]["things"][one["uuid"]]
    assert kept["Tag"] != one["Tag"], "the copy is as sure as before"
    changes = call("GET", "/api/v1/history").json()
    latest = max(change["change"] for change in (changes if isinstance(changes, list) else changes["items"]))
    call("POST", f"/api/v1/history/{latest}/undo", {})
    told = again([OURS])
    assert server.events[OURS]["things"][one["uuid"]]["Tag"] == one["Tag"]
    return told


@check("a sighting is pulled")
def _():
    call("POST", f"/sightings/add/{WITHIN}", {"type": "0", "source": "proxy"})
    index = {entry["uuid"]: entry for entry in call("POST", "/events/index", {"minimal": 1, "published": 1}).json()}
    assert int(index[OURS]["sighting_timestamp"]) > 0
    others = [entry for entry in index.values() if entry["uuid"] != OURS and int(entry["sighting_timestamp"])]
    assert not others, others
    found = call("POST", "/sightings/restSearch/event", {"returnFormat": "json", "last": 0, "includeUuid": True, "uuid": [OURS]}).json()["response"]
    mine = [one["Sighting"] for one in found if one["Sighting"]["attribute_uuid"] == WITHIN]
    assert len(mine) == 1 and mine[0]["type"] == "0" and uuid.UUID(mine[0]["uuid"]), found


@check("another report on the same value")
def _():
    before = {name: known["time"] for name, known in server.events.items()}
    call("POST", "/events/add", {"Event": {"info": "The same address elsewhere", "published": True, "Attribute": [
        {"type": "ip-dst", "category": "Network activity", "value": "45.77.9.77", "to_ids": True}]}})
    server.pull(), feed.pull()
    server.verify(), feed.verify()
    moved = [name for name, known in server.events.items() if before.get(name) != known["time"]]
    return f"{len(moved)} fetched"


@check("push")
def _():
    theirs = str(uuid.uuid4())
    offer = lambda name, at: {"Event": {"id": "1", "uuid": name, "timestamp": str(at)}}
    now = int(time.time())
    ours = server.events[OURS]["time"]
    wanted = lambda *events: call("POST", "/events/filterEventIdsForPush", list(events)).json()
    assert wanted(offer(theirs, 1), offer(OURS, ours), offer(OURS, 1)) == [theirs]
    assert wanted(offer(OURS, now + 60)) == [OURS]
    call("HEAD", f"/events/view/{theirs}", expect=404)
    event = json.loads(json.dumps(SENT))["Event"] | {"uuid": theirs, "info": "Pushed", "id": "7", "published": True}
    for at, one in enumerate(event["Attribute"]):
        one["uuid"], one["value"] = str(uuid.uuid4()), ("pushed-wave.top", "45.77.9.78")[at]
    call("POST", "/events/add/metadata:1", {"Event": event})
    call("HEAD", f"/events/view/{theirs}")
    assert wanted(offer(theirs, 1)) == []
    event["Attribute"].append({"uuid": str(uuid.uuid4()), "type": "domain", "category": "Network activity", "value": "pushed-in-spring.top", "to_ids": True})
    told = call("POST", f"/events/edit/{theirs}/metadata:1", {"Event": event | {"timestamp": str(now)}}).json()["Event"]
    assert any(one["value"] == "pushed-in-spring.top" for one in told["Attribute"])
    sighting = {"uuid": str(uuid.uuid4()), "attribute_uuid": event["Attribute"][0]["uuid"], "type": "0", "date_sighting": str(now), "source": ""}
    assert call("POST", f"/sightings/bulkSaveSightings/{theirs}", [sighting]).json()["saved"] is True
    time.sleep(1.1)
    server.pull(), feed.pull()
    server.verify(), feed.verify()


print("| what MISP does | | |\n| --- | --- | --- |")
for name, passed, told in results:
    print(f"| {name} | {'yes' if passed else '**no**'} | {str(told).replace('|', chr(92) + '|')[:400]} |")
failed = sum(not passed for _, passed, _ in results)
print(f"\n{len(results) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)

"""PyMISP's calls against `lapwing serve`: see pymisp.sh."""

import datetime
import logging
import os
import sys
import uuid
import warnings

# This file has the name of the library: its own folder must not come first.
sys.path = [folder for folder in sys.path if folder != os.path.dirname(os.path.abspath(__file__))]

from pymisp import (  # noqa: E402
    MISPEvent, MISPObject, MISPObjectReference, MISPSighting, MISPTag, PyMISP,
)

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
URL = sys.argv[1]
misp = PyMISP(URL, os.environ["KEY"])
# Rules are made of what is alive.
TODAY = datetime.date.today()
cases = []


def case(function):
    cases.append(function)
    return function


def new(info):
    event = MISPEvent()
    event.info, event.date, event.distribution, event.threat_level_id = info, TODAY, 0, 2
    event.add_tag("test:own")
    event.add_attribute("ip-dst", "45.77.9.77", comment="answers on 443").add_tag("role:c2")
    event.add_attribute("domain|ip", "wave-of-march.top|45.77.9.78")
    event.add_attribute("url", "http://wave-of-march.top/x?y=1")
    event.add_attribute("comment", 'said "so", twice')
    thing = MISPObject("file")
    thing.add_attribute("filename", value="invoice.exe")
    thing.add_attribute("md5", value="0123456789abcdef0123456789abcde7")
    event.add_object(thing)
    return event


def good(answer):
    assert not (isinstance(answer, dict) and "errors" in answer), answer
    return answer


def refused(answer, status):
    assert isinstance(answer, dict) and answer["errors"][0] == status, answer
    told = answer["errors"][1]
    assert told["name"] and told["message"], told
    return str(told["message"])


event = good(misp.add_event(new("Phishing wave"), pythonify=True))


@case
def log_in():
    assert misp._current_role.perm_site_admin and misp._current_user.email == "admin"
    assert "ip-dst" in misp.types and "Network activity" in misp.categories
    return misp.misp_instance_version["version"]


@case
def events():
    assert event.info == "Phishing wave" and len(event.attributes) == 4 and len(event.objects) == 1
    for name in (event.id, int(event.id), event.uuid):
        assert misp.get_event(name, pythonify=True).uuid == event.uuid
    for more in ({"deleted": True}, {"extended": True}, {"no_sightings": True}):
        assert good(misp.get_event(event.id, pythonify=True, **more)).uuid == event.uuid
    assert misp.event_exists(event.uuid) and not misp.event_exists(str(uuid.uuid4()))
    refused(misp.get_event(7), 404)
    refused(misp.add_event(new("")), 422)
    return f"{len(misp.events(pythonify=True))} in the index"


@case
def changing_events():
    one = good(misp.add_event(new("To be changed"), pythonify=True))
    one.info = "Changed"
    one.add_attribute("ip-src", "203.0.113.9")
    after = good(misp.update_event(one, pythonify=True))
    assert after.info == "Changed" and len(after.attributes) == 5
    good(misp.publish(one))
    assert misp.get_event(one.uuid, pythonify=True).published
    good(misp.unpublish(one))
    good(misp.delete_event(one))
    assert not misp.event_exists(one.uuid)
    return "changed, published, unpublished, deleted"


@case
def attributes():
    one = good(misp.add_attribute(event, {"type": "ip-dst", "value": "203.0.113.200"}, pythonify=True))
    refused(misp.add_attribute(event, {"type": "ip-dst", "value": "203.0.113.200"}), 403)
    same = misp.add_attribute(event, {"type": "ip-dst", "value": "203.0.113.200"}, break_on_duplicate=False)
    assert good(same)["Attribute"]["uuid"] == one.uuid
    many = [{"type": "domain", "value": f"many{at}.example.com"} for at in range(3)]
    assert len(good(misp.add_attribute(event, many, pythonify=True))["attributes"]) == 3
    alone = [{"type": "domain", "value": "alone.example.com"}]
    assert len(good(misp.add_attribute(event, alone, pythonify=True))["attributes"]) == 1
    for wrong in ({"type": "no-such", "value": "x"}, {"type": "md5", "value": "zz"}):
        refused(misp.add_attribute(event, wrong), 403)
    one.comment, one.to_ids = "changed", False
    assert good(misp.update_attribute(one, pythonify=True)).comment == "changed"
    assert misp.attribute_exists(one.uuid) and not misp.attribute_exists(str(uuid.uuid4()))
    good(misp.delete_attribute(one, hard=True))
    assert not misp.attribute_exists(one.uuid)
    assert "undo" in refused(misp.restore_attribute(one.uuid), 404)
    return f"{len(good(misp.attributes(pythonify=True)))} in all"


@case
def objects():
    thing = MISPObject("domain-ip")
    thing.add_attribute("domain", value="thing.example.com")
    thing.add_attribute("ip", value="192.0.2.55")
    one = good(misp.add_object(event, thing, pythonify=True))
    one.comment = "changed"
    one.add_attribute("ip", value="192.0.2.56")
    one = good(misp.update_object(one, pythonify=True))
    assert one.comment == "changed" and len(one.attributes) == 3
    reference = MISPObjectReference()
    reference.from_dict(object_uuid=one.uuid, referenced_uuid=event.attributes[0].uuid, relationship_type="related-to")
    good(misp.delete_object_reference(good(misp.add_object_reference(reference, pythonify=True))))
    assert misp.object_exists(one.uuid)
    good(misp.delete_object(one))
    assert not misp.object_exists(one.uuid)
    return "added, changed, referred to, deleted"


@case
def tags():
    target = event.attributes[1].uuid
    good(misp.tag(target, "role:stage"))
    found = misp.search(controller="attributes", tags="role:stage", pythonify=True)
    assert [one.uuid for one in found] == [target]
    good(misp.untag(target, "role:stage"))
    assert any(tag.name == "test:own" for tag in misp.tags(pythonify=True))
    assert misp.search_tags("test:%", pythonify=True)[0].name == "test:own"
    assert not misp.search_tags("test", strict_tagname=True)
    tag = MISPTag()
    tag.name = "test:own"
    number = good(misp.add_tag(tag, pythonify=True)).id
    assert misp.get_tag(number, pythonify=True).name == "test:own"
    assert len(misp.tags(limit=1)) == 1
    return f"{len(misp.tags())} in use"


@case
def sightings():
    target = event.attributes[0]
    good(misp.add_sighting({"type": "0", "source": "proxy"}, target))
    sighting = MISPSighting()
    sighting.from_dict(value=target.value, type="1")
    good(misp.add_sighting(sighting, pythonify=True))
    kinds = sorted(one.type for one in good(misp.sightings(target, pythonify=True)))
    assert kinds == ["0", "1"], kinds
    found = good(misp.search_sightings(last="1h", include_attribute=True, include_event_meta=True, pythonify=True))
    assert found and all(one["event"].uuid == event.uuid for one in found if one["attribute"].uuid == target.uuid)
    assert len(misp.get_attribute(target.uuid, pythonify=True).sightings) == 2
    refused(misp.add_sighting({"value": target.value, "type": "2"}), 422)
    return f"{len(found)} found"


@case
def free_text():
    text = "45.77.9.201 called hxxps://drop[.]wave-of-march[.]top/a and asked 8.8.8.8"
    proposed = good(misp.freetext(event, text, returnMetaAttributes=True))
    added = good(misp.freetext(event, text, adhereToWarninglists=True, pythonify=True))
    values = [one.value for one in added]
    assert "https://drop.wave-of-march.top/a" in values and "8.8.8.8" not in values, values
    return f"{len(proposed)} proposed, {len(added)} added"


# What a search must find: of events, and of attributes (None: at least one).
SEARCHES = [
    ({"value": "45.77.9.78"}, 1, 1),
    ({"value": "wave-of-%"}, 1, None),
    ({"value": ["45.77.9.77", "45.77.9.78"], "type_attribute": "ip-dst"}, 1, 1),
    ({"type_attribute": ["url", "domain|ip"], "eventid": event.id}, 1, None),
    ({"category": "Network activity", "eventid": [event.id]}, 1, None),
    ({"tags": "role:c2"}, 1, 1),
    ({"event_tags": "test:own"}, 1, None),
    ({"tags": misp.build_complex_query(or_parameters=["test:own"], not_parameters=["none:such"])}, 1, None),
    ({"tags": ["!test:own"], "eventid": event.id}, 0, 0),
    ({"org": 1, "eventid": event.uuid}, 1, None),
    ({"date_from": str(TODAY), "date_to": TODAY, "eventid": event.id}, 1, None),
    ({"timestamp": "1h", "eventid": event.id}, 1, None),
    ({"timestamp": datetime.datetime.now() - datetime.timedelta(hours=1), "value": "45.77.9.77"}, 1, 1),
    ({"timestamp": ("3d", "2d")}, 0, 0),
    ({"event_timestamp": "1h", "value": "45.77.9.77"}, 1, 1),
    ({"publish_timestamp": "1h", "eventid": event.id}, 0, 0),
    ({"published": False}, 1, None),
    ({"uuid": event.attributes[0].uuid}, 1, 1),
    ({"uuid": event.objects[0].uuid}, 1, 2),
    ({"to_ids": 0, "value": 'said "so", twice'}, 1, 1),
    ({"eventinfo": "%wave%"}, 1, None),
    ({"searchall": "answers on 443"}, 1, 1),
    ({"quick_filter": "wave-of-march.top"}, 1, None),
    ({"quick_filter": "no such words anywhere"}, 0, 0),
    ({"object_name": "file"}, None, None),
    ({"sharinggroup": [1]}, 0, 0),
    ({"value": "8.8.8.8", "enforce_warninglist": True}, None, 0),
    ({"value": "no-such.example.org"}, 0, 0),
    ({"metadata": True, "eventid": event.id}, 1, None),
    ({"include_event_tags": True, "include_context": True, "include_sightings": True, "value": "45.77.9.77"}, 1, 1),
]


@case
def searches():
    for asked, *counts in SEARCHES:
        for controller, count in zip(("events", "attributes"), counts):
            for pythonify in (False, True):
                found = good(misp.search(controller=controller, pythonify=pythonify, **asked))
                found = found["Attribute"] if isinstance(found, dict) else found
                at_least = count is None and (found or controller == "events")
                assert at_least or len(found) == count, (controller, asked, len(found))
    assert len(misp.search(controller="attributes", limit=3, page=2)["Attribute"]) == 3
    things = good(misp.search(controller="objects", object_name="file", eventid=event.id, pythonify=True))
    assert things[0].name == "file"
    return f"{len(SEARCHES)} of events and of attributes"


@case
def formats():
    asked = {"eventid": event.id}
    rows = misp.search(controller="attributes", return_format="csv", pythonify=True, **asked)
    assert {"uuid", "value", "attribute_tag", "object_name"} <= rows[0].keys()
    cut = misp.search(controller="attributes", return_format="csv", requested_attributes=["value", "type"], **asked)
    assert cut.startswith("value,type\n")
    bare = misp.search(controller="attributes", return_format="csv", headerless=True, **asked)
    assert bare.startswith('"')
    for controller in ("events", "attributes"):
        for form, part in (("text", "45.77.9.77"), ("cache", event.uuid), ("suricata", "alert "), ("rpz", "CNAME")):
            told = good(misp.search(controller=controller, return_format=form, **asked))
            assert part in told and "\0" not in told, (controller, form, told[:200])
        bundle = good(misp.search(controller=controller, return_format="stix2", **asked))
        assert bundle["type"] == "bundle" and bundle["objects"]
    rules = misp.search(controller="attributes", return_format="suricata", type_attribute="url", **asked)
    assert "/x?y=1" in rules and "45.77.9.78" not in rules
    refused(misp.search(return_format="openioc", **asked), 400)
    return "csv, text, cache, suricata, rpz, stix2"


@case
def index():
    for asked, count in (
        ({"eventid": event.id}, 1),
        ({"all": "wave-of-march.top", "minimal": True}, 1),
        ({"attribute": "45.77.9.77", "published": False}, 1),
        ({"tags": "test:own", "threatlevel": [2], "distribution": [0]}, 1),
        ({"eventinfo": "wave", "date_from": str(TODAY), "date_to": str(TODAY)}, 1),
        ({"org": "1", "timestamp": "1h", "eventid": event.uuid}, 1),
        ({"email": "nobody"}, 0),
        ({"sharinggroup": [1]}, 0),
    ):
        for pythonify in (False, True):
            # PyMISP makes no event of an entry without a title.
            pythonify = pythonify and not asked.get("minimal")
            assert len(good(misp.search_index(pythonify=pythonify, **asked))) == count, asked
    dates = [one["date"] for one in misp.search_index(sort="date", desc=True)]
    assert dates == sorted(dates, reverse=True)
    return f"{len(dates)} in order"


@case
def around():
    told = {
        "warninglists": misp.warninglists(pythonify=True),
        "taxonomies": misp.taxonomies(pythonify=True),
        "galaxies": misp.galaxies(pythonify=True),
        "organisations": misp.organisations(pythonify=True),
        "users": misp.users(pythonify=True),
        "roles": misp.roles(pythonify=True),
    }
    assert all(good(found) for found in told.values()), told
    for none in (misp.feeds, misp.servers, misp.sharing_groups, misp.noticelists, misp.attribute_proposals,
                 misp.decaying_models, misp.correlation_exclusions, misp.event_blocklists, misp.user_settings,
                 misp.communities, misp.event_delegations):
        assert good(none()) == [], none
    assert misp.get_event_reports(event.id) == []
    assert misp.organisation_exists(1) and not misp.organisation_exists(77)
    assert misp.values_in_warninglist(["8.8.8.8"])["8.8.8.8"]
    assert good(misp.attributes_statistics()) and good(misp.attributes_statistics(context="category", percentage=True))
    assert good(misp.tags_statistics())["tags"]
    return ", ".join(f"{len(found)} {name}" for name, found in told.items())


@case
def not_here():
    calls = (misp.get_workers, misp.server_settings, misp.update_taxonomies, misp.load_default_feeds,
             lambda: misp.direct_call("feeds/fetchFromFeed/1", {"a": 1}), lambda: misp.add_user(MISPTag()),
             lambda: misp.enrich_event(event, "dns"))
    for call in calls:
        assert "not here" in refused(call(), 404)
    # The connection is kept: the next call on it works.
    assert misp.event_exists(event.uuid)
    return f"{len(calls)} refused in words"


@case
def stix():
    bundle = misp.search(return_format="stix2", eventid=event.id)
    answer = misp.upload_stix(data=__import__("json").dumps(bundle)).json()
    assert good(misp.get_event(answer["id"], pythonify=True)).attributes
    return "a bundle taken as a document"


passed = failed = 0
print("| call | answer | |\n| --- | --- | --- |")
for function in cases:
    try:
        told, verdict = function(), "pass"
        passed += 1
    except Exception as error:  # noqa: BLE001
        told, verdict = f"{type(error).__name__}: {error}"[:300].replace("\n", " "), "FAIL"
        failed += 1
    print(f"| `{function.__name__}` | {told} | {verdict} |")
print(f"\n{passed} passed, {failed} failed")
sys.exit(failed > 0)

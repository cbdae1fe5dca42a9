"""What the test cases of medallion (OASIS's TAXII server) ask, asked of another server.

Read as a checklist: each function is one case, named as there, with data of our own of the same
make. Prints a row a case: the case, what was answered, whether that is what the case wants.
"""

import os
import sys
import time
import uuid

import requests
import taxii2client.v21 as client

BASE = sys.argv[1]
ROOT = f"{BASE}/taxii2/lapwing/"
INBOX = f"{ROOT}collections/inbox/"
KNOWN = f"{ROOT}collections/knowledge/"
MEDIA = "application/taxii+json;version=2.1"
PASSWORD = "correct horse battery"
AS = {name: (name, PASSWORD) for name in ("admin", "reader", "feed")}

RELATION = "relationship--2f9a9aa9-0000-4333-83e2-4fb25add0001"
PATTERN = "indicator--cd981c25-0000-4166-8945-51178443b002"
MARKING = "marking-definition--34098fce-0000-48ae-8e50-ebd3cc5e4003"
MALWARE = "malware--c0931cc6-0000-47e5-9036-78fabc95d004"
SEVERAL = "indicator--6770298f-0000-471a-ab8c-1c658a465005"
NOBODY = "malware--cee60c30-0000-41e3-b0c1-a01aac20d006"


def pattern(identifier, modified, value):
    return {
        "type": "indicator", "spec_version": "2.1", "id": identifier,
        "created": "2016-11-03T12:30:59.000Z", "modified": modified,
        "pattern": f"[url:value = 'http://{value}.example/5000']", "pattern_type": "stix",
        "valid_from": "2016-11-03T12:30:59Z", "indicator_types": ["malicious-activity"],
    }


VERSIONS = ["2016-11-03T12:30:59.000Z", "2016-12-25T12:30:59.444Z", "2017-01-27T13:49:53.935Z"]
# In the order in which they are sent: each request of its own, so that times of adding differ.
SENT = [
    {"type": "relationship", "spec_version": "2.1", "id": RELATION, "created": "2014-05-08T09:00:00.000Z",
     "modified": "2014-05-08T09:00:00.000Z", "relationship_type": "indicates", "source_ref": PATTERN,
     "target_ref": MALWARE},
    pattern(PATTERN, "2014-05-08T09:00:00.000Z", "one") | {"created": "2014-05-08T09:00:00.000Z"},
    pattern(SEVERAL, VERSIONS[0], "two"),
    pattern(SEVERAL, VERSIONS[1], "three"),
    {"type": "marking-definition", "spec_version": "2.1", "id": MARKING, "created": "2017-01-20T00:00:00.000Z",
     "definition_type": "statement", "definition": {"statement": "an example"}},
    {"type": "malware", "spec_version": "2.1", "id": MALWARE, "created": "2017-01-27T13:49:53.997Z",
     "modified": "2017-01-27T13:49:53.997Z", "name": "An example", "is_family": False},
    {"type": "malware", "id": MALWARE, "created": "2017-01-27T13:49:53.997Z",
     "modified": "2018-02-23T18:30:00.000Z", "name": "An example, of 2.0", "labels": ["remote-access-trojan"]},
    pattern(SEVERAL, VERSIONS[2], "four"),
]


def ask(method, address, who="admin", **more):
    headers = {"Accept": MEDIA, **more.pop("headers", {})}
    if "json" in more:
        headers.setdefault("Content-Type", MEDIA)
    return requests.request(method, address, auth=AS.get(who), headers=headers, timeout=120, **more)


def get(address, who="admin", **more):
    return ask("GET", address, who, **more)


def good(address, who="admin", **more):
    answer = get(address, who, **more)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:120]}"
    assert answer.headers["Content-Type"] == MEDIA, answer.headers["Content-Type"]
    return answer


def post(objects, to=INBOX, who="admin"):
    return ask("POST", f"{to}objects/", who, json={"objects": objects})


def fails(answer, *codes):
    assert answer.status_code in codes, f"{answer.status_code} {answer.text[:120]}"
    if answer.request.method != "HEAD" and "/taxii2" in answer.url:
        assert answer.headers["Content-Type"] == MEDIA, answer.headers["Content-Type"]
        assert answer.json()["http_status"] == str(answer.status_code)
        assert answer.json()["title"]
    return f"{answer.status_code} {answer.json()['title']}"


def ids(answer):
    return [item["id"] for item in answer.json().get("objects", [])]


def first_last(answer):
    return answer.headers["X-TAXII-Date-Added-First"], answer.headers["X-TAXII-Date-Added-Last"]


CASES = []


def case(function):
    CASES.append(function)
    return function


ADDED = {}


@case
def setup():
    for item in SENT:
        answer = post([item])
        assert answer.status_code == 202, answer.text
        assert answer.json()["success_count"] == 1, answer.text
    for item in good(f"{INBOX}manifest/?match[version]=all&match[spec_version]=2.0,2.1").json()["objects"]:
        ADDED[item["id"], item["version"]] = item["date_added"]
    assert len(ADDED) == 8
    return "8 versions of 5 objects taken, one request each"


@case
def server_discovery():
    info = good(f"{BASE}/taxii2/").json()
    assert info["api_roots"] and info["title"]
    return info["api_roots"][0]


@case
def get_api_root_information():
    info = good(ROOT).json()
    assert info["versions"] == [MEDIA] and info["max_content_length"] > 0
    return info["title"]


@case
def get_status():
    sent = post([SENT[0], {"type": "tool", "id": "malware--x"}]).json()
    told = good(f"{ROOT}status/{sent['id']}/").json()
    assert told["status"] == "complete" and len(told["successes"]) == 1 and len(told["failures"]) == 1
    assert told["total_count"] == told["success_count"] + told["failure_count"] + told["pending_count"]
    return "one success, one failure, none pending"


@case
def get_collections():
    told = good(f"{ROOT}collections/").json()["collections"]
    for one in told:
        assert uuid.UUID(one["id"]) and one["title"] and isinstance(one["can_read"], bool)
        assert good(f"{ROOT}collections/{one['id']}/").json() == one
    return ", ".join(one["alias"] for one in told)


@case
def get_objects():
    answer = good(f"{INBOX}objects/")
    assert answer.json()["more"] is False
    assert ids(answer) == [RELATION, PATTERN, MARKING, MALWARE, SEVERAL], ids(answer)
    first, last = first_last(answer)
    assert first == ADDED[RELATION, "2014-05-08T09:00:00.000Z"] and last == ADDED[SEVERAL, VERSIONS[2]]
    return "5 in order of adding, with the times of first and last"


@case
def get_object():
    answer = good(f"{INBOX}objects/{MALWARE}/")
    assert ids(answer) == [MALWARE] and len(set(first_last(answer))) == 1
    return "1"


@case
def add_and_delete_object():
    one = pattern(f"indicator--{uuid.uuid4()}", VERSIONS[0], "gone")
    sent = post([one])
    assert sent.status_code == 202 and sent.headers["Content-Type"] == MEDIA
    assert one["id"] in ids(good(f"{INBOX}objects/"))
    assert ids(good(f"{INBOX}objects/?match[id]={one['id']}")) == [one["id"]]
    assert good(f"{ROOT}status/{sent.json()['id']}/").json()["success_count"] == 1
    assert ids(good(f"{INBOX}manifest/?match[id]={one['id']}")) == [one["id"]]
    # Without the slash at the end, as the case has it.
    gone = ask("DELETE", f"{INBOX}objects/{one['id']}")
    assert gone.status_code == 200 and gone.headers["Content-Type"] == MEDIA, gone.text
    fails(get(f"{INBOX}objects/{one['id']}"), 404)
    assert get(f"{INBOX}manifest/{one['id']}").status_code == 404
    return "found, listed, deleted, 404 after"


@case
def get_object_manifests():
    answer = good(f"{INBOX}manifest")
    times = [item["date_added"] for item in answer.json()["objects"]]
    assert len(times) == 5 and times == sorted(set(times)) and first_last(answer) == (times[0], times[-1])
    return "5 in order of adding"


@case
def get_version():
    answer = good(f"{INBOX}objects/{RELATION}/versions")
    assert answer.json()["versions"] == ["2014-05-08T09:00:00.000Z"] and len(set(first_last(answer))) == 1
    return "1"


@case
def get_objects_added_after():
    after = ADDED[SEVERAL, VERSIONS[1]]
    answer = good(f"{INBOX}objects/?added_after={after}")
    assert ids(answer) == [MARKING, MALWARE, SEVERAL] and answer.json()["more"] is False, ids(answer)
    return "3"


@case
def get_objects_limit():
    answer = good(f"{INBOX}objects/?limit=3")
    assert answer.json()["more"] is True and ids(answer) == [RELATION, PATTERN, MARKING]
    assert first_last(answer)[0] == ADDED[RELATION, "2014-05-08T09:00:00.000Z"]
    rest = good(f"{INBOX}objects/?limit=3&next={answer.json()['next']}")
    assert rest.json()["more"] is False and ids(rest) == [MALWARE, SEVERAL]
    assert first_last(rest)[1] == ADDED[SEVERAL, VERSIONS[2]]
    return "3 and 2"


@case
def get_objects_id():
    answer = good(f"{INBOX}objects/?match[id]={MALWARE}")
    assert ids(answer) == [MALWARE] and answer.json()["more"] is False
    return "1"


@case
def get_objects_type():
    assert ids(good(f"{INBOX}objects/?match[type]=indicator")) == [PATTERN, SEVERAL]
    return "2"


def versions(address):
    return {item["id"]: item.get("modified") or item.get("version") for item in good(address).json().get("objects", [])}


@case
def objects_version_match_specific_date():
    assert versions(f"{INBOX}objects/?match[version]={VERSIONS[1]}") == {SEVERAL: VERSIONS[1]}
    return VERSIONS[1]


@case
def objects_version_match_first():
    assert versions(f"{INBOX}objects/?match[version]=first")[SEVERAL] == VERSIONS[0]
    return VERSIONS[0]


@case
def objects_version_match_last():
    assert versions(f"{INBOX}objects/?match[version]=last")[SEVERAL] == VERSIONS[2]
    return VERSIONS[2]


@case
def objects_version_match_all():
    assert len(ids(good(f"{INBOX}objects/?match[version]=all"))) == 7
    return "7"


@case
def get_objects_spec_version_20():
    told = good(f"{INBOX}objects/?match[spec_version]=2.0").json()["objects"]
    assert len(told) == 1 and all("spec_version" not in item for item in told)
    return "1, without `spec_version`"


@case
def get_objects_spec_version_21_20():
    assert len(ids(good(f"{INBOX}objects/?match[spec_version]=2.0,2.1"))) == 5
    return "5"


@case
def get_objects_spec_version_21():
    told = good(f"{INBOX}objects/?match[spec_version]=2.1").json()["objects"]
    assert len(told) == 5 and all(item["spec_version"] == "2.1" for item in told)
    return "5"


@case
def get_objects_spec_version_default():
    told = good(f"{INBOX}objects/").json()["objects"]
    assert len(told) == 5 and all(item["spec_version"] == "2.1" for item in told)
    return "5, all of 2.1"


@case
def get_object_added_after_case1():
    told = good(f"{INBOX}objects/{MALWARE}?added_after=2100-01-27T13:49:59.997000Z").json()
    assert told == {}
    return "`{}`"


@case
def get_object_added_after_case2():
    answer = good(f"{INBOX}objects/{MALWARE}?added_after=2017-01-27T13:49:59Z")
    assert len(ids(answer)) == 1 and answer.json()["more"] is False
    return "1"


@case
def get_object_limit():
    answer = good(f"{INBOX}objects/{SEVERAL}?limit=1")
    assert len(ids(answer)) == 1 and answer.json()["more"] is False
    answer = good(f"{INBOX}objects/{SEVERAL}?match[version]=all&limit=2")
    told = answer.json()
    assert told["more"] is True and [item["modified"] for item in told["objects"]] == VERSIONS[:2]
    assert first_last(answer) == (ADDED[SEVERAL, VERSIONS[0]], ADDED[SEVERAL, VERSIONS[1]])
    answer = good(f"{INBOX}objects/{SEVERAL}?match[version]=all&limit=2&next={told['next']}")
    assert answer.json()["more"] is False and len(ids(answer)) == 1
    return "2 and 1"


@case
def get_object_version_single():
    for asked, version in ((VERSIONS[1], VERSIONS[1]), ("first", VERSIONS[0]), ("last", VERSIONS[2])):
        assert versions(f"{INBOX}objects/{SEVERAL}?match[version]={asked}") == {SEVERAL: version}
    return "a date, first, last"


@case
def get_object_version_match_all():
    assert len(ids(good(f"{INBOX}objects/{SEVERAL}?match[version]=all"))) == 3
    return "3"


@case
def get_object_spec_version_20():
    told = good(f"{INBOX}objects/{MALWARE}?match[spec_version]=2.0").json()["objects"]
    assert len(told) == 1 and "spec_version" not in told[0]
    return "1"


@case
def get_object_spec_version_21():
    told = good(f"{INBOX}objects/{MALWARE}?match[spec_version]=2.1").json()["objects"]
    assert len(told) == 1 and told[0]["spec_version"] == "2.1"
    return "1"


@case
def get_object_spec_version_2021():
    told = good(f"{INBOX}objects/{MALWARE}?match[spec_version]=2.0,2.1").json()["objects"]
    assert [item["modified"] for item in told] == ["2018-02-23T18:30:00.000Z"]
    return "the latest"


@case
def get_object_spec_version_default():
    told = good(f"{INBOX}objects/{MALWARE}").json()["objects"]
    assert [item["spec_version"] for item in told] == ["2.1"]
    return "2.1"


@case
def get_manifest_added_after():
    after = ADDED[MARKING, "2017-01-20T00:00:00.000Z"]
    assert ids(good(f"{INBOX}manifest?added_after={after}")) == [MALWARE, SEVERAL]
    return "2"


@case
def get_manifest_limit():
    told, sizes, address = [], [], f"{INBOX}manifest?limit=2"
    while True:
        answer = good(address)
        part = answer.json()
        assert first_last(answer) == (part["objects"][0]["date_added"], part["objects"][-1]["date_added"])
        told += ids(answer)
        sizes.append(len(part["objects"]))
        if not part["more"]:
            break
        address = f"{INBOX}manifest?limit=2&next={part['next']}"
    assert sizes == [2, 2, 1] and len(set(told)) == 5
    return "2, 2 and 1"


@case
def get_manifest_id():
    assert ids(good(f"{INBOX}manifest?match[id]={MALWARE}")) == [MALWARE]
    return "1"


@case
def get_manifest_type():
    assert ids(good(f"{INBOX}manifest?match[type]=indicator")) == [PATTERN, SEVERAL]
    return "2"


@case
def get_manifest_version_specific():
    assert versions(f"{INBOX}manifest?match[version]={VERSIONS[1]}") == {SEVERAL: VERSIONS[1]}
    return VERSIONS[1]


@case
def get_manifest_version_first():
    told = versions(f"{INBOX}manifest?match[version]=first")
    assert len(told) == 5 and told[SEVERAL] == VERSIONS[0]
    return "5"


@case
def get_manifest_version_last():
    told = versions(f"{INBOX}manifest?match[version]=last")
    assert len(told) == 5 and told[SEVERAL] == VERSIONS[2]
    return "5"


@case
def get_manifest_version_all():
    assert len(ids(good(f"{INBOX}manifest?match[version]=all"))) == 7
    return "7"


@case
def manifest_spec_version():
    for asked, number, kinds in (
        ("?match[spec_version]=2.0", 1, {"2.0"}), ("?match[spec_version]=2.1", 5, {"2.1"}),
        ("?match[spec_version]=2.0,2.1", 5, {"2.0", "2.1"}), ("", 5, {"2.1"}),
    ):
        told = good(f"{INBOX}manifest{asked}").json()["objects"]
        assert len(told) == number, (asked, len(told))
        assert {item["media_type"] for item in told} == {f"application/stix+json;version={kind}" for kind in kinds}
    return "2.0: 1; 2.1: 5; both: 5; default: 5 of 2.1"


@case
def get_version_added_after():
    added = ADDED[RELATION, "2014-05-08T09:00:00.000Z"]
    assert good(f"{INBOX}objects/{RELATION}/versions?added_after={added}").json() == {}
    told = good(f"{INBOX}objects/{RELATION}/versions?added_after=2014-05-08T08:00:00Z").json()
    assert told["more"] is False and len(told["versions"]) == 1
    return "`{}`, 1"


@case
def get_version_limit():
    told, address = [], f"{INBOX}objects/{SEVERAL}/versions?limit=1"
    while True:
        answer = good(address)
        part = answer.json()
        assert len(part["versions"]) == 1
        assert set(first_last(answer)) == {ADDED[SEVERAL, part["versions"][0]]}
        told += part["versions"]
        if not part["more"]:
            break
        address = f"{INBOX}objects/{SEVERAL}/versions?limit=1&next={part['next']}"
    assert told == VERSIONS
    return "1, 1 and 1"


@case
def get_version_spec_version():
    for asked, wanted in (
        ("?match[spec_version]=2.0", ["2018-02-23T18:30:00.000Z"]),
        ("?match[spec_version]=2.1", ["2017-01-27T13:49:53.997Z"]),
        ("?match[spec_version]=2.0,2.1", ["2017-01-27T13:49:53.997Z", "2018-02-23T18:30:00.000Z"]),
        ("", ["2017-01-27T13:49:53.997Z"]),
    ):
        told = good(f"{INBOX}objects/{MALWARE}/versions{asked}").json()["versions"]
        assert told == wanted, (asked, told)
    return "2.0: 1; 2.1: 1; both: 2; default: that of 2.1"


@case
def delete_objects_version():
    identifier = f"indicator--{uuid.uuid4()}"
    times = [f"{year}-01-27T13:49:53.935Z" for year in (2014, 2015, 2016, 2018, 2019)]
    made = [pattern(identifier, when, "many") | {"created": times[0]} for when in times]
    assert post(made).json()["success_count"] == 5
    address = f"{INBOX}objects/{identifier}"
    left = list(times)
    for asked, gone in ((times[3], times[3]), ("first", times[0]), ("last", times[4])):
        assert good(f"{address}/versions").json()["versions"] == left
        assert ask("DELETE", f"{address}?match[version]={asked}").status_code == 200
        left.remove(gone)
    assert good(f"{address}/versions").json()["versions"] == left
    assert ask("DELETE", f"{address}?match[version]=all").status_code == 200
    fails(get(f"{address}/versions"), 404)
    return "a date, first, last, all; 404 after"


@case
def delete_objects_spec_version():
    identifier = f"indicator--{uuid.uuid4()}"
    new = pattern(identifier, VERSIONS[0], "both")
    old = pattern(identifier, "2019-01-27T13:49:53.935Z", "both") | {"spec_version": "2.0"}
    assert post([new, old]).status_code == 202
    address = f"{INBOX}objects/{identifier}"
    assert ask("DELETE", f"{address}?match[spec_version]=2.0").status_code == 200
    assert good(f"{address}/versions").json()["versions"] == [VERSIONS[0]]
    assert ask("DELETE", f"{address}?match[spec_version]=2.1").status_code == 200
    fails(get(f"{address}/versions"), 404)
    return "2.0 alone, then 2.1; 404 after"


@case
def SCO_versioning():
    file = {"type": "artifact", "spec_version": "2.1", "id": "artifact--6f437177-6e48-5cf8-9d9e-872a2bddd641",
            "mime_type": "application/zip", "url": "http://a.example/x.zip", "hashes": {"MD5": "0" * 32}}
    assert post([file]).status_code == 202
    address = f"{INBOX}objects/{file['id']}"
    for asked in ("match[version]=all", "match[version]=first", "match[version]=last", "added_after=2017-01-27T13:49:53.935Z"):
        assert len(ids(good(f"{address}?{asked}"))) == 1, asked
    later = time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime(time.time() + 60))
    assert good(f"{address}?added_after={later}").json() == {}
    assert ask("DELETE", address).status_code == 200
    return "1 each; `{}` after now"


@case
def non_existent():
    return ", ".join(sorted({fails(get(address), 404) for address in (
        f"{BASE}/taxii2/trustgroup2/", f"{ROOT}collections/12345678-1234-1234-1234-123456789012/",
        f"{BASE}/taxii2/carbon1/collections/", f"{BASE}/taxii2/carbon1/collections/12345678-1234-1234-1234-123456789012/",
        f"{ROOT}status/22101993/", f"{ROOT}collections/24042009/manifest/", f"{ROOT}collections/24042009/objects/",
    )}))


@case
def get_collections_401():
    return fails(get(f"{ROOT}collections/", None), 401)


@case
def get_status_401():
    return fails(get(f"{ROOT}status/2223/", None), 401)


@case
def get_object_manifest_401():
    return fails(get(f"{ROOT}collections/24042009/manifest/", None), 401)


@case
def get_object_manifest_403():
    return fails(get(f"{INBOX}manifest/", "feed"), 403)


@case
def get_object_401():
    return fails(get(f"{INBOX}objects/{MALWARE}/", None), 401)


@case
def get_object_403():
    return fails(get(f"{INBOX}objects/{MALWARE}/", "feed"), 403)


@case
def get_object_404():
    return fails(get(f"{INBOX}objects/{NOBODY}/"), 404)


@case
def get_or_add_objects_401():
    fails(get(f"{INBOX}objects/", None), 401)
    return fails(post([SENT[0]], who=None), 401)


@case
def get_or_add_objects_403():
    fails(get(f"{INBOX}objects/", "feed"), 403)
    fails(post([SENT[0]], who="reader"), 403)
    return fails(post([SENT[0]], to=KNOWN), 403)


@case
def get_or_add_objects_404():
    none = f"{ROOT}collections/12345678-1234-1234-1234-123456789012/"
    fails(get(f"{none}objects/"), 404)
    return fails(post([SENT[0]], to=none), 404)


@case
def get_or_add_objects_422():
    return fails(ask("POST", f"{INBOX}objects/", json=SENT[0]), 422)


@case
def object_pagination_bad_limit_value_400():
    return fails(get(f"{INBOX}objects/?limit=-20"), 400)


@case
def object_pagination_changing_params_400():
    one = good(f"{INBOX}objects/?match[version]=all&limit=2").json()
    assert len(one["objects"]) == 2 and one["more"]
    two = good(f"{INBOX}objects/?match[version]=all&limit=2&next={one['next']}").json()
    assert len(two["objects"]) == 2 and two["more"]
    return fails(get(f"{INBOX}objects/?match[version]=first&limit=2&next={two['next']}"), 400)


@case
def object_already_present():
    one = dict(SENT[0])
    without = {key: value for key, value in one.items() if key != "modified"}
    answer = post([one, without])
    told = answer.json()
    assert answer.status_code == 202 and not told.get("failures") and told["successes"], told
    return "202, no failure"


@case
def get_objects_match_type_version():
    assert good(f"{INBOX}objects/?match[type]=incident&match[version]=2016-01-01T01:01:01.000Z").json() == {}
    return "`{}`"


@case
def headers():
    for address in (f"{BASE}/taxii2/", ROOT, f"{INBOX}objects/"):
        fails(get(address, headers={"Accept": "application/json"}), 406)
        fails(get(address, headers={"Accept": "application/taxii+json;version=2.0"}), 406)
    for kind in ("application/json", "application/vnd.oasis.stix+json; version=2.0"):
        fails(ask("POST", f"{INBOX}objects/", json={"objects": SENT[:1]}, headers={"Content-Type": kind}), 415)
    return "406 by `Accept`, 415 by `Content-Type`"


@case
def taxii2_client():
    for how in ({"user": "admin", "password": PASSWORD}, {"user": "key", "password": os.environ["KEY"]}):
        server = client.Server(f"{BASE}/taxii2/", **how)
        inbox = next(one for one in server.api_roots[0].collections if one.title == "Sent in")
        known = next(one for one in server.api_roots[0].collections if one.title == "All that is known")
        assert inbox.can_write and not known.can_write
        status = inbox.add_objects({"objects": [pattern(f"indicator--{uuid.uuid4()}", VERSIONS[0], "client")]})
        assert status.status == "complete" and status.success_count == 1
        assert inbox.get_object(SEVERAL)["objects"][0]["modified"] == VERSIONS[2]
        assert inbox.object_versions(SEVERAL)["versions"] == VERSIONS
        assert inbox.get_manifest()["objects"]
        seen = []
        for page in client.as_pages(known.get_objects, per_request=50):
            seen += [item["id"] for item in page.get("objects", [])]
        assert len(seen) == len(set(seen)) > 100, len(seen)
        inbox.delete_object(status.successes[0]["id"])
    return f"{len(seen)} objects in pages of 50, each once; by password and by key"


def main():
    print("| case | answer | |")
    print("| --- | --- | --- |")
    failed = 0
    for function in CASES:
        try:
            told, mark = function(), "pass"
        except Exception as error:  # noqa: BLE001 - each is a row
            told, mark = f"{type(error).__name__}: {str(error)[:160]}", "**fail**"
            failed += 1
        told = str(told).replace("|", "\\|")
        print(f"| `{function.__name__}` | {told} | {mark} |", flush=True)
    print(f"\n{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())

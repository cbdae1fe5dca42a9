#!/usr/bin/env python3
"""Times every page of a server over a store: starts `lapwing serve` and asks each route.

    tools/bench/store.py --indicators 1000000 --keep DIR
    tools/bench/serve.py --store DIR/store.db [--rounds 15] [--most 300] [--built target/debug]
    tools/bench/serve.py --store DIR/store.db --in-place --bars [--think 30]

What is asked for is taken of the store itself: a name and a value of each kind, documents, words.
Each question is asked once cold (the first question of a server that was just started, no page of
the store in memory of the process) and then again and again; printed are, in milliseconds, the cold
answer, the median and the worst of the others, and the size of the answer. Then a change is made
(an analyst's word), and what is slowest right after it is printed as well: what was kept of the
state before is of no use then. With --bars only what has a bar of its own at ten million indicators is asked: a
look-up of 1,000 values (20 ms), pages of 100 of TAXII (5 ms), and lists of indicators by status beside the same lists
without (twice the time). Exit code 1 when a median is above `--most`. Routes of the OpenAPI
document that have no question here are named at the end. Standard library only.
"""
import argparse, datetime, http.client, json, os, pathlib, shutil, socket, sqlite3, statistics, subprocess, sys, tempfile, time
from urllib.parse import quote

ROOT = pathlib.Path(__file__).resolve().parents[2]
JSON = {"content-type": "application/json"}
TAXII = {"accept": "application/taxii+json;version=2.1"}
# Streams, and what has nothing to be asked of in a store that was only added to.
LEFT_OUT = {
    "/api/v1/events", "/api/v1/feeds/{name}", "/api/v1/hunts/{id}", "/api/v1/hunts/{id}/events",
    "/api/v1/hunts/{id}/export", "/api/v1/hunts/{id}/findings", "/api/v1/hunts/{id}/groups",
    "/api/v1/hunt-root", "/api/v1/minted-clusters/{name}",
}


def samples(path):
    """Values and names of the store: `kind -> one in the middle`, documents, changes, many values."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    one = lambda sql, *values: (store.execute(sql, values).fetchone() or [None])[0]
    kinds = {}
    for number, kind in store.execute("SELECT n, text FROM word WHERE n IN (SELECT kind FROM entity WHERE kind > 0)"):
        last = one("SELECT max(n) FROM entity WHERE kind = ?", number)
        known = "FROM entity e WHERE e.kind = ? AND e.n >= ? AND EXISTS (SELECT 1 FROM fact WHERE subject = e.n OR object = e.n)"
        kinds[kind] = one(f"SELECT e.value {known} LIMIT 1", number, last // 2) or one(f"SELECT e.value {known} LIMIT 1", number, 0)
    document = one("SELECT lower(hex(id)) FROM document WHERE visible = 1 LIMIT 1 OFFSET (SELECT count(*) / 2 FROM document WHERE visible = 1)")
    largest = one("SELECT lower(hex(id)) FROM document WHERE visible = 1 AND text_bytes < 8000000 ORDER BY claims DESC LIMIT 1")
    change = one("SELECT max(id) FROM change WHERE undone_by IS NULL")
    top = one("SELECT max(n) FROM entity")
    values = [value for start in range(1, 501) for (value,) in store.execute(
        "SELECT value FROM entity WHERE n >= ? AND kind IN (SELECT n FROM word WHERE text IN "
        "('ipv4-addr', 'domain-name', 'url', 'file:sha256', 'file:md5')) LIMIT 1", (top * start // 501,))]
    store.close()
    return {kind: value for kind, value in kinds.items() if value}, (document, largest), change, values


def questions(kinds, documents, change, values):
    """`(route, path, body, headers)` of each question."""
    document, largest = documents
    def get(route, query="", **names):
        path = route
        for name, value in names.items():
            path = path.replace("{" + name + "}", str(value))
        return route, f"{path}{'?' if query else ''}{query}", None, {}

    v1 = "/api/v1/"
    for plain in ("about", "session", "knowledge", "entities", "entities/kinds", "clusters", "techniques", "timeline",
                  "activity", "documents", "origins", "gaps", "history", "hunts", "exports", "feeds", "keys", "audit",
                  "users", "webhooks", "indicators", "attack", "names", "names/history", "minted-clusters",
                  "minted-clusters/decisions", "news"):
        yield get(v1 + plain)
    yield get(v1 + "news", "since=2021-01-01T00:00:00Z")
    for query in ("kind=ipv4-addr", "kind=file:sha256&sort=last", "sort=probability", "sort=last", "status=active", "status=ageing",
                  "status=expired", "status=revoked", "status=benign", "status=active,ageing&sort=probability",
                  "status=active,ageing&kind=domain-name&sort=last", "min_probability=0.9", "since=2021-03-20&sort=probability",
                  "q=c2.d0", "q=no-such-text", "q=com", "status=expired&q=c2.", "limit=1000"):
        yield get(v1 + "indicators", query)
    words = ["collected notes", "team", "c2.d0", "nothing-of-this-kind", "com", "203.0", "webshell exchange"]
    for word in words:
        yield get(v1 + "search", "q=" + quote(word))
        yield get(v1 + "complete", "q=" + quote(word))
    for query in ("kind=threat-actor", "kind=identity&sort=documents", "kind=domain-name", "kind=ipv4-addr&q=23.", "q=team"):
        yield get(v1 + "entities", query)
    yield get(v1 + "documents", "q=notes&sort=published")
    yield get(v1 + "gaps", f"document={document}")
    yield get(v1 + "timeline", f"document={document}")
    yield get(v1 + "documents/{id}", id=document)
    # As the report reader asks: the text with the first claims, then the others by pages.
    yield get(v1 + "documents/{id}", "claims=1500&regions=heading,code,furniture,quote", id=largest)
    yield get(v1 + "documents/{id}/claims", "limit=5000", id=largest)
    yield get(v1 + "documents/{id}", id=largest)
    yield get(v1 + "documents/{id}/raw", id=document)
    yield get(v1 + "documents/{id}/origin", id=document)
    yield get(v1 + "history/{change}", change=change)
    shown = [kind for kind in ("ipv4-addr", "domain-name", "file:sha256", "identity", "malware", "threat-actor", "campaign",
                               "attack-pattern", "vulnerability") if kind in kinds]
    for kind in shown:
        of = f"of={quote(kinds[kind])}&kind={quote(kind)}"
        for route in ("page", "explain", "graph", "forecast"):
            yield get(v1 + route, of)
        # As the pages ask for it.
        yield get(v1 + "page", of + "&rows=200")
        yield get(v1 + "explain", of + "&limit=60")
        yield get(v1 + "timeline", "of=" + quote(kinds[kind]))
        if kind in shown[:3]:
            yield get(v1 + "decay", f"kind={quote(kind)}&value={quote(kinds[kind])}")
        else:
            yield get(v1 + "indicators", "of=" + quote(kinds[kind]))
            yield get(v1 + "techniques", "of=" + quote(kinds[kind]))
    for form in ("page.md", "page.html", "page.txt"):
        yield get(v1 + form, f"of={quote(kinds[shown[0]])}&kind={quote(shown[0])}")
    yield get(v1 + "page", "of=nobody-has-this-name")
    half = values[:500]
    asked = half + [f"unknown-{n}.example.test" for n in range(1000 - len(half))]
    yield v1 + "lookup", v1 + "lookup", json.dumps({"values": asked}), JSON
    yield v1 + "lookup (a line)", v1 + "lookup", json.dumps({"text": f"2021-03-03 10:00:00 {half[0]} GET /owa/ 200"}), JSON
    yield "taxii", "/taxii2/lapwing/collections/", None, TAXII
    for path in ("/healthz", "/readyz", "/metrics", "/feed.atom"):
        yield path, path, None, {}


def of_clusters(server):
    """The page of the largest of the first clusters, and what merging two would do: their names are the server's."""
    begun = time.monotonic()
    status, _, content = server.ask("/api/v1/minted-clusters?limit=200")
    rows = json.loads(content)["items"] if status == 200 else []
    print(f"<!-- clusters found after {time.monotonic() - begun:.2f} s: {len(rows)} on the first page -->")
    rows.sort(key=lambda row: -row["origins"])
    for row in rows[:1]:
        yield "/api/v1/minted-clusters/{name}", f"/api/v1/minted-clusters/{row['name']}", None, {}
    if len(rows) > 1:
        body = json.dumps({"action": "merge", "clusters": [row["name"] for row in rows[-2:]]})
        yield "/api/v1/minted-clusters/preview", "/api/v1/minted-clusters/preview", body, JSON


# Long by nature at this size: asked once, not held to the bar.
LONG = (
    ("taxii, first page", "/taxii2/lapwing/collections/knowledge/objects/?limit=100", None, TAXII),
    ("export csv", "/api/v1/export?as=csv", None, {}),
)


# Lists of indicators, and what decay is read for in each.
LISTS = (
    ("/api/v1/indicators?", "status=active"), ("/api/v1/indicators?sort=probability", "&status=active,ageing"),
    ("/api/v1/indicators?sort=last&kind=domain-name", "&status=expired"), ("/api/v1/indicators?kind=ipv4-addr", "&status=ageing"),
)


def places(store):
    """From where pages of TAXII are read on: from the first object, and behind the facts, values and reports that came
    half way. What is told of a report is as long as the report."""
    rows = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    one = lambda sql: rows.execute(sql).fetchone()[0]
    yield "from the first on", None
    for what, table, key in (("facts, half way", "fact", "subject"), ("values, half way", "standing", "n"), ("reports, half way", "document", "n")):
        top = one(f"SELECT max({key}) FROM {table}")
        added = one(f"SELECT added FROM {table} WHERE {key} >= {top // 2} ORDER BY {key} LIMIT 1")
        moment = datetime.datetime.fromtimestamp(added / 1e6, datetime.timezone.utc)
        yield what, moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    rows.close()


def bars(options, store):
    """Asks what has a bar of its own; 1 where one is missed."""
    kinds, documents, change, values = samples(store)
    server = Server(options.built / "lapwing", store)
    print(f"<!-- started after {server.started:.1f} s; {server.memory()} -->")
    print("| question | cold, ms | median, ms | worst, ms | bar |\n| --- | --: | --: | --: | --: |", flush=True)
    missed = 0

    def several(what, ask, bar, cold=None):
        nonlocal missed
        cold = ask() if cold is None else cold
        times = [ask() for _ in range(options.rounds)]
        median = statistics.median(times)
        missed += bar is not None and median > bar
        print(f"| {what} | {cold:.1f} | {median:.1f} | {max(times):.1f} | {'' if bar is None else f'{bar:.1f}'} |", flush=True)
        return median

    half = values[:500]
    body = json.dumps({"values": half + [f"unknown-{n}.example.test" for n in range(1000 - len(half))]})
    several("look-up of 1,000 values", lambda: server.ask("/api/v1/lookup", body, JSON)[1], 20)
    for path, decayed in LISTS:
        plain = several(path, lambda: server.ask(path)[1], None)
        several(path + decayed, lambda: server.ask(path + decayed)[1], 2 * plain)
    for what, start in places(store):
        page = "/taxii2/lapwing/collections/knowledge/objects/?limit=100"
        after, sizes = f"&added_after={start}" if start else "", []

        def turn():
            nonlocal after
            status, took, content = server.ask(page + after, None, TAXII)
            if status != 200:
                sys.exit(f"{page + after}: {status} {content[:200]}")
            told = json.loads(content)
            sizes.append((len(told.get("objects", [])), len(content)))
            # The client works on what it got: meanwhile the server makes the next page.
            time.sleep(options.think / 1e3)
            after = f"&added_after={start}&next={told['next']}" if start and told.get("more") else f"&next={told['next']}" if told.get("more") else ""
            return took

        several(f"TAXII, pages of 100: {what}", turn, 5 if start is None or "facts" in what or "values" in what else None)
        objects, size = (statistics.median(column) for column in zip(*sizes))
        print(f"<!-- {objects:.0f} objects, {size / 1e3:.0f} kB a page -->", flush=True)
    print(f"<!-- {server.memory()} -->")
    server.end()
    return 1 if missed else 0


class Server:
    def __init__(self, lapwing, store):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [lapwing, "--quiet", "--store", store, "serve", "--listen", f"127.0.0.1:{self.port}", "--rate", "1000000"]
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen([str(part) for part in command], stdout=self.log, stderr=self.log)
        begun = time.monotonic()
        while self.ask("/readyz")[0] != 200:
            if self.process.poll() is not None or time.monotonic() - begun > 600:
                self.log.seek(0)
                sys.exit(f"the server did not start: {self.log.read()}")
            time.sleep(0.05)
        self.started = time.monotonic() - begun

    def ask(self, path, body=None, headers={}, method=None):
        begun = time.perf_counter()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1800)
            connection.request(method or ("POST" if body else "GET"), path, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
        except OSError:
            return 0, 0, b""
        return answer.status, (time.perf_counter() - begun) * 1e3, content

    def memory(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        parts = {line.split(":")[0]: line.split(":")[1].strip() for line in lines}
        return "{RssAnon} of its own, {VmRSS} in all, {VmHWM} at most".format(**parts)

    def end(self):
        self.process.terminate()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=pathlib.Path, required=True, help="it is copied first (changes are made), unless --in-place")
    parser.add_argument("--in-place", action="store_true", help="work on the store itself: for large ones")
    parser.add_argument("--built", type=pathlib.Path, default=ROOT / "target" / "debug")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=3.0, help="no question is asked for longer than this")
    parser.add_argument("--most", type=float, default=300.0, help="milliseconds that a page may take")
    parser.add_argument("--bars", action="store_true", help="only what has a bar of its own")
    parser.add_argument("--think", type=float, default=0, help="with --bars: milliseconds for which a client works on a page of TAXII before it asks for the next")
    parser.add_argument("--only", help="questions whose path holds this")
    parser.add_argument("--long", action="store_true", help="ask also what is long by nature: an export")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR", options.store.parent)))
    try:
        store = options.store
        if not options.in_place:
            store = folder / "store.db"
            shutil.copy(options.store, store)
        sys.exit(bars(options, store) if options.bars else run(options, store))
    finally:
        shutil.rmtree(folder)


def run(options, store):
    asked = list(questions(*samples(store)))
    server = Server(options.built / "lapwing", store)
    print(f"<!-- started after {server.started:.1f} s; {server.memory()} -->")
    asked += list(of_clusters(server))
    if options.only:
        asked = [question for question in asked if options.only in question[1]]
    print("| question | status | cold, ms | median, ms | worst, ms | kB |\n| --- | --: | --: | --: | --: | --: |", flush=True)
    slow, medians = [], {}
    for route, path, body, headers in asked:
        status, cold, content = server.ask(path, body, headers)
        times, until = [], time.monotonic() + options.seconds
        while len(times) < options.rounds and (not times or time.monotonic() < until):
            times.append(server.ask(path, body, headers)[1])
        median = statistics.median(times)
        medians[path + (body or "")[:12]] = median
        if median > options.most:
            slow.append((median, path))
        name = path if not body else f"{path} {body[:12]}…"
        print(f"| {name[:100]} | {status} | {cold:.0f} | {median:.1f} | {max(times):.0f} | {len(content) / 1e3:.0f} |", flush=True)
    print(f"<!-- {server.memory()} -->")
    # After a change nothing that was kept of the state before is of use.
    again = []
    for route, path, body, headers in asked:
        if path.startswith("/api/v1/") and medians.get(path + (body or "")[:12], 0) < options.most:
            word = {"kind": "domain-name", "value": f"w{len(again)}.example.test"}
            if len(again) % 8 == 0:
                begun = time.perf_counter()
                status, _, content = server.ask("/api/v1/false-positives", json.dumps(word), JSON)
                change = (time.perf_counter() - begun) * 1e3
                if len(again) == 0:
                    print(f"<!-- a change (false positive): {status}, {change:.0f} ms -->", flush=True)
            again.append((server.ask(path, body, headers)[1], path))
    again.sort(reverse=True)
    print("<!-- slowest right after a change: " + "; ".join(f"{ms:.0f} ms {path[:60]}" for ms, path in again[:12]) + " -->")
    if options.long:
        for name, path, body, headers in LONG:
            status, took, content = server.ask(path, body, headers)
            print(f"| {name} | {status} | {took:.0f} | | | {len(content) / 1e3:.0f} |", flush=True)
        path, times = LONG[0][1], []
        after = ""
        for _ in range(50):
            status, took, content = server.ask(path + after, None, TAXII)
            times.append(took)
            following = json.loads(content or b"{}").get("next") if status == 200 else None
            after = f"&next={following}" if following else ""
        print(f"| taxii, pages of 100 | {status} | {times[0]:.1f} | {statistics.median(times):.1f} | {max(times):.1f} | |", flush=True)
    print(f"<!-- {server.memory()} -->")
    time.sleep(45)
    print(f"<!-- after 45 idle seconds: {server.memory()} -->")
    server.end()
    routes = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    untold = sorted(path for path, of in routes.items() if "get" in of and path not in LEFT_OUT
                    and not path.startswith("/taxii2") and path not in {route for route, *_ in questions(*samples(store))})
    print(f"<!-- not asked: {', '.join(untold) or 'none'}; above {options.most:.0f} ms: {len(slow)} -->")
    for median, path in sorted(slow, reverse=True):
        print(f"<!-- {median:.0f} ms {path} -->")
    return 1 if slow else 0


if __name__ == "__main__":
    main()

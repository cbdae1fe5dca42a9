#!/usr/bin/env python3
"""Times what MISP's clients and instances ask of `lapwing serve` on a store of many events.

    tools/bench/misp.py [--lapwing target/release/lapwing] [--events 20000] [--attributes 50] [--store FILE]

A store that is named is used as it is, in a copy. Prints for each question the first answer of a server that was just
started, the median of the next ones, the first after one event more was added, and the size; at the end the memory of
the server: at its start, after all, at most. A question that is not answered in time is told as such. Standard
library only.
"""
import argparse, importlib.util, json, pathlib, random, shutil, statistics, subprocess, tempfile, time, urllib.error, urllib.request

HERE = pathlib.Path(__file__).resolve().parent
QUESTIONS = (
    ("the index", "POST", "/events/index", {}),
    ("… of a server that pulls", "POST", "/events/index", {"minimal": 1, "published": 1}),
    ("… a page of 60, by date", "POST", "/events/index", {"limit": 60, "page": 3, "sort": "date"}),
    ("one event", "GET", "/events/view/{event}", None),
    ("attributes of the last hour", "POST", "/attributes/restSearch", {"timestamp": "1h", "limit": 1000}),
    ("attributes of a time long ago", "POST", "/attributes/restSearch", {"timestamp": ["2001-01-01", "2001-01-02"]}),
    ("attributes of one value", "POST", "/attributes/restSearch", {"value": "{value}"}),
    ("attributes of a tag", "POST", "/attributes/restSearch", {"tags": "misp-galaxy:threat-actor=\"Actor 07\"", "limit": 1000}),
    ("attributes, a page of 1,000 far behind", "POST", "/attributes/restSearch", {"limit": 1000, "page": 900}),
    ("events published of late, heads only", "POST", "/events/restSearch", {"last": "1h", "metadata": 1, "limit": 1000}),
    ("events, 100 whole", "POST", "/events/restSearch", {"limit": 100}),
    ("tags", "GET", "/tags/index", None),
    ("the feed's manifest", "GET", "/misp/feed/manifest.json", None),
    ("the feed's hashes", "GET", "/misp/feed/hashes.csv", None),
)


def module(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def fill(lapwing, store, options, folder):
    made, inputs = module("store"), folder / "events"
    for first in range(0, options.events, 1000):
        shutil.rmtree(inputs, ignore_errors=True)
        inputs.mkdir()
        rng = random.Random(f"20210302 {first}")
        for number in range(first, min(first + 1000, options.events)):
            (inputs / f"event-{number:06}.json").write_text(json.dumps(made.event(number, options.attributes, rng, 0.05)))
        subprocess.run([lapwing, "-q", "--store", store, "add", inputs], check=True, stdout=subprocess.DEVNULL)


def ask(url, method, path, body, timeout):
    request = urllib.request.Request(url + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json", "Accept": "application/json"})
    begun = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            size = 0
            while piece := answer.read(1 << 20):
                size += len(piece)
    except (urllib.error.HTTPError, TimeoutError) as error:
        return None, str(error)
    return time.perf_counter() - begun, size


def memory(process, key):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(key)).split()[1]) // 1024


def start(lapwing, store, port):
    server = subprocess.Popen([lapwing, "--store", store, "serve", "--no-feeds", "--listen", f"127.0.0.1:{port}", "--rate", "1000000"],
                              stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
            return server
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server does not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lapwing", type=pathlib.Path, default=HERE.parents[1] / "target/release/lapwing")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--attributes", type=int, default=50)
    parser.add_argument("--store", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="questions whose name holds this")
    parser.add_argument("--port", type=int, default=18_471)
    options = parser.parse_args()
    lapwing, url = options.lapwing.resolve(), f"http://127.0.0.1:{options.port}"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        store = folder / "store.db"
        if options.store:
            shutil.copy(options.store, store)
        else:
            fill(lapwing, store, options, folder)
        # The same values as the events have, without reading the store.
        event = module("store").event(100, options.attributes, random.Random("x"))["Event"]["uuid"]
        server = start(lapwing, store, options.port)
        try:
            begun = memory(server, "VmRSS")
            timeout = 300
            first, size = ask(url, "GET", f"/events/view/{event}", None, timeout)
            with urllib.request.urlopen(url + f"/events/view/{event}", timeout=timeout) as answer:
                value = json.load(answer)["Event"]["Attribute"][0]["value"]
            print(f"<!-- one event of a server that just started: {first:.3f} s; {value} -->", flush=True)
            print("| question | first, s | then, s | after a change, s | MB |\n| --- | --: | --: | --: | --: |", flush=True)
            number = 0
            for name, method, path, body in QUESTIONS:
                if options.only and options.only not in name:
                    continue
                path = path.replace("{event}", event)
                body = json.loads(json.dumps(body).replace("{value}", value)) if body is not None else None
                once, size = ask(url, method, path, body, timeout)
                if once is None:
                    print(f"| {name} | {size} | | | |", flush=True)
                    continue
                again = [ask(url, method, path, body, timeout)[0] for _ in range(options.rounds)]
                number += 1
                ask(url, "POST", "/events/add", {"Event": {"info": f"One more {number}", "published": True, "Attribute": [
                    {"type": "domain", "value": f"one-more-{number}.top", "to_ids": True}]}}, timeout)
                after, _ = ask(url, method, path, body, timeout)
                told = "–" if after is None else f"{after:.3f}"
                print(f"| {name} | {once:.3f} | {statistics.median(again):.3f} | {told} | {size / 1e6:.2f} |", flush=True)
            print(f"<!-- memory of the server: {begun} MB at its start, {memory(server, 'VmRSS')} after, {memory(server, 'VmHWM')} at most -->", flush=True)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()

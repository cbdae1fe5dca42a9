#!/usr/bin/env python3
"""Builds a store of many indicators from generated MISP events, and times what a team asks of it.

    cargo build --workspace --bins --examples --config profile.dev.opt-level=2
    tools/bench/store.py [--indicators 1000000] [--events 2000] [--keep DIR] [--built target/debug]

Prints, as rows of a table: attributes a second (read, extracted, stored and fused, the whole of
`lapwing add`), the size of the store, peak memory, the times of a look-up of 1,000 values (half of
them known), of a list with decay read beside one without, of exports, and of a backup. With --bars it times instead what has a bar of
its own at ten million indicators (`tools/bench/serve.py --bars`):

    tools/bench/store.py --indicators 10000000 --events 20000 --batch 400 --keep DIR --bars

The events of a batch are made before it is added, and nothing runs beside what is timed. Standard library only.
"""
import argparse, json, multiprocessing, pathlib, random, resource, shutil, sqlite3, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = (
    ("ip-dst", "Network activity"), ("ip-dst", "Network activity"), ("domain", "Network activity"),
    ("domain", "Network activity"), ("url", "Network activity"), ("sha256", "Payload delivery"),
    ("sha256", "Payload delivery"), ("md5", "Payload delivery"), ("filename", "Payload delivery"),
    ("hostname", "Network activity"),
)


def value(kind, rng):
    word = f"{rng.getrandbits(44):011x}"
    if kind == "ip-dst":
        return f"{rng.choice((5, 23, 45, 77, 91, 103, 149, 185))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
    if kind in ("domain", "hostname"):
        return f"{'c2.' if kind == 'hostname' else ''}d{word}.{rng.choice(('com', 'net', 'org', 'info', 'xyz'))}"
    if kind == "url":
        return f"http://u{word}.com/a/{rng.getrandbits(24):06x}.php"
    if kind == "filename":
        return f"f{word}.exe"
    return f"{rng.getrandbits(256):064x}"[: 64 if kind == "sha256" else 32]


TECHNIQUES = ("T1190", "T1505.003", "T1059.001", "T1003.001", "T1071.001", "T1566.001", "T1105", "T1486", "T1047", "T1021.002")


def named(number):
    """Tags of every fourth event: whose it is, what it is of, how it is done."""
    if number % 4:
        return []
    technique = TECHNIQUES[number // 4 % len(TECHNIQUES)]
    names = [f'misp-galaxy:threat-actor="Actor {number // 4 % 50:02}"', f'misp-galaxy:malpedia="Family{number // 4 % 200:03}"',
             f'misp-galaxy:mitre-attack-pattern="Something - {technique}"']
    return [{"name": name} for name in names]


def hot(kind, rng):
    """A value that many events have: the n-th of its kind in about one of n events with one."""
    rank = min(int(rng.paretovariate(0.9)), 50_000)
    return value(kind, random.Random(f"{kind} {rank}"))


def event(number, count, rng, shared=0.0):
    attributes = []
    # The values of every eighth event are said to be of its malware.
    more = {"Tag": named(number)[1:2]} if number % 8 == 0 else {}
    for at in range(count):
        kind, category = KINDS[at % len(KINDS)]
        attributes.append({**more,
            "uuid": f"{number:08x}-0000-4000-8000-{at:012x}", "type": kind, "category": category,
            "to_ids": True, "value": hot(kind, rng) if rng.random() < shared else value(kind, rng), "comment": "", "timestamp": "1614729600",
        })
    return {"Event": {
        "uuid": f"{number:08x}-0000-4000-8000-ffffffffffff", "info": f"Collected notes {number}",
        "date": f"2021-03-{1 + number % 28:02}", "threat_level_id": "2", "analysis": "2",
        "Orgc": {"name": f"Team {number % 40}"}, "Tag": [{"name": "tlp:green"}, *named(number)],
        "Attribute": attributes,
    }}


def write(inputs, first, count, per, shared):
    """The events of a batch, which are the same whatever was made before them."""
    inputs.mkdir()
    rng = random.Random(f"20210302 {first}")
    for number in range(first, first + count):
        (inputs / f"event-{number:06}.json").write_text(json.dumps(event(number, per, rng, shared)))


def batches(folder, options):
    """Folders of events one after the other."""
    per = max(1, options.indicators // options.events)
    for first in range(0, options.events, options.batch):
        inputs = folder / f"events-{first:06}"
        shutil.rmtree(inputs, ignore_errors=True)
        count = min(options.batch, options.events - first)
        # A process of its own, that is gone before anything is timed.
        making = multiprocessing.Process(target=write, args=(inputs, first, count, per, options.shared))
        making.start()
        making.join()
        yield inputs
        shutil.rmtree(inputs)


def timed(command, **more):
    begun, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        sys.exit(f"{command}: {done.stderr}")
    used = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    return time.monotonic() - begun, used, after.ru_maxrss / 1024, done.stdout


def sizes(path):
    """What the attributes take, and the largest table that is derived from them: MISP keeps a row for each pair of attributes that
    share a value, here a value has one row however many events have it."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    bytes_of = dict(store.execute("SELECT s.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name GROUP BY 1"))
    count = lambda sql: store.execute(sql).fetchone()[0]
    claims, facts = count("SELECT count(*) FROM claim"), count("SELECT count(*) FROM fact")
    # A statement with n claims is n (n - 1) / 2 pairs.
    pairs = count("SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM (SELECT count(*) AS n FROM claim GROUP BY resolved_subject, relation, resolved_object)")
    attributes = bytes_of["claim"] + bytes_of["entity"]
    derived = {name: size for name, size in bytes_of.items() if name in ("fact", "standing", "spelling", "voiced", "origin")}
    largest = max(derived, key=derived.get)
    print(f"<!-- {claims:,} claims, {facts:,} facts, {pairs:,} pairs of claims that share a value; attributes {attributes / 1e6:.0f} MB, "
          f"largest table derived from them: {largest}, {derived[largest] / 1e6:.0f} MB -->", flush=True)
    store.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--indicators", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=200, help="events that one `lapwing add` reads")
    parser.add_argument("--shared", type=float, default=0.0, help="this share of the attributes are values that many events have")
    parser.add_argument("--built", type=pathlib.Path, default=ROOT / "target" / "debug")
    parser.add_argument("--keep", type=pathlib.Path, help="build the store here and leave it; one that is there is used")
    parser.add_argument("--bars", action="store_true", help="time what has a bar of its own, and nothing else")
    options = parser.parse_args()
    lapwing = (options.built / "lapwing").absolute()
    lookup = (options.built / "examples" / "lookup").absolute()
    folder = options.keep or pathlib.Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / "store.db"
    base = [lapwing, "--quiet", "--today", "2021-04-01", "--store", store]
    print("| what | wall | processor | peak memory |\n| --- | --: | --: | --: |", flush=True)

    def row(what, wall, cpu, peak):
        print(f"| {what} | {wall:.2f} s | {cpu:.2f} s | {peak:.0f} MB |", flush=True)

    if not store.exists():
        wall = cpu = peak = 0.0
        for inputs in batches(folder, options):
            spent = timed(base + ["add", inputs])
            wall, cpu, peak = wall + spent[0], cpu + spent[1], max(peak, spent[2])
            print(f"<!-- {inputs.name}: {spent[0]:.1f} s, {spent[1]:.1f} s of processor time; {wall:.0f} and {cpu:.0f} s so far -->", flush=True)
        total = max(1, options.indicators // options.events) * options.events
        row(f"add {total:,} attributes ({total / wall:,.0f} a second)", wall, cpu, peak)
    sizes(store)
    size = sum(path.stat().st_size for path in folder.glob("store.db*"))
    print(f"<!-- store: {size / 1e6:.0f} MB -->", flush=True)
    if options.bars:
        bench = pathlib.Path(__file__).with_name("serve.py")
        subprocess.run([sys.executable, bench, "--store", store, "--in-place", "--bars", "--built", options.built], check=False)
        if not options.keep:
            shutil.rmtree(folder)
        return
    print(f"<!-- {timed([lookup, store, '1000', '40'])[3].strip()} -->", flush=True)
    for what, command in (
        ("list indicators, decay read", ["--json", "list", "indicators"]),
        ("export --as csv", ["export", "--as", "csv", "--tlp", "green", "-o", folder / "out.csv"]),
        ("export --as zeek", ["export", "--as", "zeek", "--tlp", "green", "-o", folder / "out.intel"]),
        ("backup", ["backup", folder / "copy.db"]),
        ("check --quick", ["check", "--quick"]),
    ):
        (folder / "copy.db").unlink(missing_ok=True)
        row(what, *timed(base + command)[:3])
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Times `lapwing add` beside a plain baseline on inputs of our own making.

    cargo build --release -p lapwing-cli
    tools/bench/ingest.py [--csv-mb 1000] [--keep DIR]

The baseline parses the same files in Python and writes each value with its document into one
SQLite table: no spans, no claims, no origins, no fusion. Peak memory is that of the process.
Standard library only.
"""
import argparse, csv, hashlib, json, os, pathlib, random, shutil, sqlite3, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAPWING = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "lapwing"


def address(rng):
    return f"{rng.choice((5, 23, 45, 77, 91, 103, 149, 185))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def domain(rng):
    name = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randrange(6, 14)))
    return f"{name}.{rng.choice(('com', 'net', 'org', 'info', 'xyz'))}"


def digest(rng):
    return hashlib.sha256(rng.randbytes(16)).hexdigest()


def events(folder, count, rng):
    makers = (("ip-dst", address, "Network activity"), ("domain", domain, "Network activity"), ("sha256", digest, "Payload delivery"))
    for n in range(count):
        attributes = []
        for m in range(75):
            kind, make, category = makers[m % 3]
            attributes.append({"uuid": f"{n:08x}-0000-4000-8000-{m:012x}", "type": kind, "category": category, "to_ids": True,
                               "value": make(rng), "comment": "", "timestamp": "1614729600"})
        event = {"Event": {"uuid": f"{n:08x}-0000-4000-8000-ffffffffffff", "info": f"Campaign notes {n}", "date": "2021-03-03", "threat_level_id": "2",
                           "analysis": "2", "Orgc": {"name": f"Team {n % 40}"}, "Tag": [{"name": "tlp:green"}], "Attribute": attributes}}
        (folder / f"event-{n:05}.json").write_text(json.dumps(event))


def pages(folder, count, rng):
    for n in range(count):
        name = f"Activity {n}"
        rows = "".join(f"{m} | [{(ip := address(rng))}](https://vuldb.com/?ip.{ip}) | {domain(rng)} | - | High\n" for m in range(1, 41))
        (folder / f"page-{n:05}.md").write_text(
            f"# {name} - Cyber Threat Intelligence\n\nThese _indicators_ were collected for the actor known as [{name}](https://vuldb.com/?actor.x{n}).\n\n"
            "## IOC - Indicator of Compromise\n\nNetwork resources of this actor.\n\n"
            "ID | IP address | Hostname | Campaign | Confidence\n-- | ---------- | -------- | -------- | ----------\n" + rows +
            "41 | ... | ... | ... | ...\n\nThere are 160 more IOC items available. Please use our online service to access the data.\n\n"
            "## TTP - Tactics, Techniques, Procedures\n\nSuspected techniques.\n\nID | Technique | Weakness | Description | Confidence\n"
            "-- | --------- | -------- | ----------- | ----------\n1 | T1068 | CWE-269 | Execution with Unnecessary Privileges | High\n\n"
            f"## References\n\nExternal sources:\n\n* https://blog.example.org/{n}\n")


def table(path, megabytes, rng):
    with open(path, "w", newline="") as out:
        out.write("indicator,type,first_seen,comment\n")
        while out.tell() < megabytes << 20:
            for _ in range(5000):
                out.write(f"{address(rng)},ip,2021-03-03,scanner\n{domain(rng)},domain,2021-03-03,c2\n{digest(rng)},sha256,2021-03-03,sample\n")


def run_lapwing(inputs, store):
    started = time.monotonic()
    process = subprocess.Popen([LAPWING, "--quiet", "--store", store, "add", inputs], stdout=subprocess.PIPE, text=True)
    out = process.communicate()[0]
    seconds = time.monotonic() - started
    if process.returncode not in (0, 3):
        sys.exit(f"lapwing ended with {process.returncode}: {out}")
    return seconds, out.strip().splitlines()[-1]


def peak_of(inputs, store):
    """Peak resident memory in MB, from a child that does nothing but wait for one process."""
    code = ("import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    out = subprocess.run([sys.executable, "-c", code, LAPWING, "--quiet", "--store", store, "add", inputs], capture_output=True, text=True)
    return int(out.stdout.strip()) / 1024


def baseline(inputs, store):
    started = time.monotonic()
    db = sqlite3.connect(store)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE v(document TEXT, value TEXT)")
    files = [inputs] if inputs.is_file() else sorted(inputs.iterdir())
    for path in files:
        if path.suffix == ".json":
            values = [a["value"] for a in json.loads(path.read_text())["Event"]["Attribute"]]
        elif path.suffix == ".csv":
            with open(path, newline="") as rows:
                values = (row[0] for row in csv.reader(rows))
                db.executemany("INSERT INTO v VALUES(?,?)", ((path.name, v) for v in values))
            continue
        else:
            values = [cell.strip() for line in path.read_text().splitlines() if " | [" in line for cell in line.split(" | ")[1:3]]
        db.executemany("INSERT INTO v VALUES(?,?)", ((path.name, v) for v in values))
    db.commit()
    return time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--csv-mb", type=int, default=100)
    parser.add_argument("--keep", type=pathlib.Path, help="make the inputs here and leave them")
    options = parser.parse_args()
    if not LAPWING.exists():
        sys.exit("no release build: cargo build --release -p lapwing-cli")
    folder = options.keep or pathlib.Path(tempfile.mkdtemp())
    rng = random.Random(20210302)
    made = (("1,000 MISP events", folder / "events", lambda p: (p.mkdir(parents=True), events(p, 1000, rng))),
            ("3,000 campaign pages", folder / "pages", lambda p: (p.mkdir(parents=True), pages(p, 3000, rng))),
            (f"{options.csv_mb} MB of CSV", folder / "table.csv", lambda p: table(p, options.csv_mb, rng)))
    print("| input | lapwing add | peak memory | Python + SQLite, values only | ratio |\n| --- | --: | --: | --: | --: |")
    for title, path, make in made:
        if not path.exists():
            make(path)
        stores = pathlib.Path(tempfile.mkdtemp())
        seconds, summary = run_lapwing(path, stores / "a.db")
        peak = peak_of(path, stores / "b.db")
        plain = baseline(path, stores / "c.db")
        shutil.rmtree(stores)
        print(f"| {title} | {seconds:.1f} s | {peak:.0f} MB | {plain:.1f} s | {seconds / plain:.1f} |", flush=True)
        print(f"<!-- {summary} -->")
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Times how one more document is added to stores of growing size, and a rebuild against it.

    cargo build --release -p lapwing-cli
    tools/bench/fuse.py [--documents 1500,10000,100000] [--claims 100] [--more 20] [--once] [--lapwing PATH] [--keep DIR]

Each document is a report of our own making with so many indicators, a twentieth of them shared with others, of forty
publishers, on any day of a year; one in fifty copies an earlier one with a few words changed. Printed are the seconds and
the peak memory of the first ingest; median, 95th percentile and worst of so many single adds after it (one process each,
its start included), the median of their processor time, which says more on a busy machine, the peak memory of one, and the
start alone; the seconds and the peak memory of `check`, which derives everything anew and compares; and whether a store that got the same documents in another order gives the same facts
(left out with --once). With --keep an ingested store is used again. Standard library only.
"""
import argparse, json, os, pathlib, random, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORDS = "server shell mail access group tool victim network script loader service account host domain record update".split()


def address(rng):
    return f"{rng.choice((5, 23, 62, 77, 91, 103, 149, 185))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def prose(rng):
    return [f"{rng.choice(WORDS)}{rng.choice(('', 's', 'ing'))}" for _ in range(120)]


def report(n, claims, common, rng):
    words = prose(random.Random(n - 37 if n % 50 == 49 else n))
    if n % 50 == 49:
        words[rng.randrange(120)] = "changed"
    values = [rng.choice(common) if rng.random() < 0.05 else address(rng) for _ in range(claims)]
    day = f"2021-{1 + rng.randrange(12):02}-{1 + rng.randrange(28):02}"
    return (f"---\ntitle: Notes on activity {n}\nauthor: Team {n % 40}\ndate: {day}\n---\n\n# Notes on activity {n}\n\n"
            f"Team {n % 40} saw Cluster{n}: {' '.join(words)}.\n\n## Indicators\n\n" + "\n".join(values) + "\n")


def run(lapwing, *arguments):
    """Seconds, peak memory in MB, what was printed, and seconds of the processor."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([lapwing, "--quiet", *map(str, arguments)], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        err.seek(0)
        if code not in (0, 3):
            sys.exit(f"lapwing {' '.join(map(str, arguments))[:200]}: {code}: {err.read().decode()}")
        out.seek(0)
        return seconds, usage.ru_maxrss / 1024, out.read(), usage.ru_utime + usage.ru_stime


def write(inputs, more, count, options):
    """The documents of a store, and those that are added to it one by one."""
    rng = random.Random(7)
    common = [address(rng) for _ in range(200)]
    inputs.mkdir(parents=True, exist_ok=True)
    more.mkdir(exist_ok=True)
    for n in range(count + options.more):
        folder = more if n >= count else inputs / f"{n // 1000:03}"
        folder.mkdir(exist_ok=True)
        (folder / f"{n:06}.md").write_text(report(n, options.claims, common, rng))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", default="500,2000")
    parser.add_argument("--claims", type=int, default=100)
    parser.add_argument("--more", type=int, default=20)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--lapwing", default=TARGET / "release" / "lapwing")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    folder = options.keep or pathlib.Path(tempfile.mkdtemp())
    lapwing = options.lapwing
    print("| documents | claims | first ingest, s | MB | one more, s: median | 95 % | worst | processor | MB | start, s | check, s | MB | differing | other order |")
    print("| --: " * 13 + "| --- |", flush=True)
    for count in map(int, options.documents.split(",")):
        inputs, more = folder / f"{count}", folder / f"{count}-more"
        store, other = folder / f"{count}.db", folder / f"{count}-other.db"
        first = (0.0, 0.0)
        if not store.exists():
            write(inputs, more, count, options)
            first = run(lapwing, "--store", store, "add", inputs)
        start = statistics.median(run(lapwing, "--store", store, "history", "--help")[0] for _ in range(5))
        singles = [run(lapwing, "--store", store, "add", path) for path in sorted(more.iterdir())]
        seconds = sorted(single[0] for single in singles)
        check = run(lapwing, "--store", store, "--json", "check")
        differing = json.loads(check[2])["differing"]
        same = "–"
        if not options.once:
            run(lapwing, "--store", other, "add", *sorted(more.iterdir(), reverse=True))
            run(lapwing, "--store", other, "add", inputs)
            facts = [run(lapwing, "--store", path, "--json", "list", "indicators", "--as-of", "2030-01-01")[2] for path in (store, other)]
            same = "the same" if facts[0] == facts[1] and facts[0] else "OTHER FACTS"
        cells = [f"{count}", f"{(count + options.more) * options.claims}", f"{first[0]:.1f}", f"{first[1]:.0f}",
                 f"{statistics.median(seconds):.3f}", f"{seconds[int(0.95 * (len(seconds) - 1))]:.3f}", f"{seconds[-1]:.3f}",
                 f"{statistics.median(single[3] for single in singles):.3f}", f"{max(single[1] for single in singles):.0f}", f"{start:.3f}", f"{check[0]:.1f}", f"{check[1]:.0f}", f"{differing}", same]
        print(f"| {' | '.join(cells)} |", flush=True)
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

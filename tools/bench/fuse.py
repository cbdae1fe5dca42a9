#!/usr/bin/env python3
"""Times how one more document is added to stores of growing size, and a rebuild against it.

    cargo build --release -p lapwing-cli
    tools/bench/fuse.py [--documents 500,2000] [--claims 100] [--lapwing PATH] [--keep DIR]

Each document is a report of our own making with so many indicators, a twentieth of them shared with others; forty
publishers. Printed are the seconds of the first ingest, the median of five single adds after it (one process each, start
included), and whether a store that got the same documents in another order gives the same facts.
Standard library only.
"""
import argparse, os, pathlib, random, shutil, statistics, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
WORDS = "server shell mail access group tool victim network script loader service account host domain record update".split()


def address(rng):
    return f"{rng.choice((5, 23, 62, 77, 91, 103, 149, 185))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def report(n, claims, common, rng):
    prose = " ".join(f"{rng.choice(WORDS)}{rng.choice(('', 's', 'ing'))}" for _ in range(120))
    values = [rng.choice(common) if rng.random() < 0.05 else address(rng) for _ in range(claims)]
    day = f"2021-{1 + n % 12:02}-{1 + n % 28:02}"
    return (f"---\ntitle: Notes on activity {n}\nauthor: Team {n % 40}\ndate: {day}\n---\n\n# Notes on activity {n}\n\n"
            f"Team {n % 40} saw Cluster{n}: {prose}.\n\n## Indicators\n\n" + "\n".join(values) + "\n")


def run(lapwing, *arguments):
    started = time.monotonic()
    ended = subprocess.run([lapwing, "--quiet", *map(str, arguments)], capture_output=True, text=True)
    if ended.returncode not in (0, 3):
        sys.exit(f"lapwing {' '.join(map(str, arguments))}: {ended.returncode}: {ended.stderr}")
    return time.monotonic() - started, ended.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", default="500,2000")
    parser.add_argument("--claims", type=int, default=100)
    parser.add_argument("--lapwing", default=TARGET / "release" / "lapwing")
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    folder = options.keep or pathlib.Path(tempfile.mkdtemp())
    print("| documents | claims | first ingest, s | one more, s | same facts in another order |\n| --: | --: | --: | --: | --- |")
    for count in map(int, options.documents.split(",")):
        rng = random.Random(7)
        common = [address(rng) for _ in range(200)]
        inputs = folder / f"{count}"
        inputs.mkdir(parents=True, exist_ok=True)
        for n in range(count + 5):
            (inputs / f"{n:06}.md").write_text(report(n, options.claims, common, rng))
        more = folder / f"{count}-more"
        more.mkdir(exist_ok=True)
        for n in range(count, count + 5):
            (inputs / f"{n:06}.md").replace(more / f"{n:06}.md")
        store, other = folder / f"{count}.db", folder / f"{count}-other.db"
        seconds, _ = run(options.lapwing, "--store", store, "add", inputs)
        singles = [run(options.lapwing, "--store", store, "add", path)[0] for path in sorted(more.iterdir())]
        run(options.lapwing, "--store", other, "add", *sorted(more.iterdir(), reverse=True))
        run(options.lapwing, "--store", other, "add", inputs)
        facts = [run(options.lapwing, "--store", path, "--json", "list", "indicators", "--as-of", "2030-01-01")[1] for path in (store, other)]
        same = "yes" if facts[0] == facts[1] and facts[0] else "NO"
        print(f"| {count} | {(count + 5) * options.claims} | {seconds:.1f} | {statistics.median(singles):.2f} | {same} |", flush=True)
    if not options.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
